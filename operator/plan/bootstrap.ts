import { podName } from "../types/names.ts";
import { RETRY_MS, act, operation, wait } from "./decide.ts";
import type { Decision } from "./decision.ts";
import { complaint, podAt } from "./member-pod.ts";
import type { Observation, Pod } from "./observation.ts";
import { restartOutdated } from "./restart-outdated.ts";

/**
 * From nothing to a cluster of one, which all others join. Leave to found it is given to ordinal 0 alone, is latched
 * before it is sent, and is not given again to another volume once the first may have been used: two founders would be
 * two clusters.
 */
export function bootstrap(observation: Observation): Decision | undefined {
  const { latched, pods, cluster, statefulSet } = observation;
  if (latched.clusterId !== undefined) return undefined;
  const founding = operation(observation, "Bootstrap", podName(observation.cluster.name, 0));
  for (const { process, name } of pods) {
    if (process.kind !== "Running") continue;
    const message = `${name} runs: the cluster is ${process.clusterId}`;
    return act({ kind: "LatchCluster", clusterId: process.clusterId }, "Bootstrapping", message, founding);
  }
  const size = Math.max(cluster.wanted, latched.seed ? 1 : 0);
  const replicas = statefulSet?.replicas ?? 0;
  if (size === 0 && replicas === 0) return undefined;
  if (size === 0 || replicas < size) {
    return act(
      { kind: "ScaleStatefulSet", replicas: size },
      "Bootstrapping",
      `the StatefulSet is scaled to ${String(size)} replicas`,
      founding,
    );
  }
  return restartOutdated(observation, founding) ?? earlierCluster(observation) ?? found(observation);
}

/** The status forgot the cluster, but volumes remember it. */
function earlierCluster(observation: Observation): Decision | undefined {
  const witness = observation.pods.find(({ ordinal, process }) => {
    const isWitness = process.kind === "Waiting" ? REMEMBERS.includes(process.volume) : process.kind === "Starting";
    return ordinal > 0 && isWitness;
  });
  return witness && interrupted(observation, `${complaint(observation, witness.ordinal)}: there was a cluster before`);
}

const REMEMBERS: readonly string[] = ["Granted", "Owned", "Lost"];

function found(observation: Observation): Decision {
  const { seed } = observation.latched;
  const founding = operation(observation, "Bootstrap", podName(observation.cluster.name, 0));
  const pod = podAt(observation, 0);
  const process = pod?.process;
  if (!pod || !process || pod.terminating || process.kind === "Unreachable") return waitForSeed(observation);
  if (process.kind === "Waiting" && process.volume !== "Owned") return grant(observation, pod, process.volume);
  if (!seed || seed.started) return waitForSeed(observation);
  return act({ kind: "LatchSeedStarted" }, "Bootstrapping", `${pod.name} is founding the cluster`, founding);
}

function grant(observation: Observation, pod: Pod, volume: "Empty" | "Granted" | "Lost" | "Foreign"): Decision {
  const { seed } = observation.latched;
  switch (volume) {
    case "Foreign":
      return wait("ForeignVolume", complaint(observation, 0), RETRY_MS.person, observation.latched.operation);
    case "Lost":
      return interrupted(observation, complaint(observation, 0));
    case "Granted":
      // Whichever pod was meant, it is this volume, and it never sent a message.
      return grantTo(observation, pod);
    case "Empty":
      return seed?.started ? interrupted(observation, complaint(observation, 0)) : grantTo(observation, pod);
  }
}

/** The pod that the latch names is gone if another one has its name; it was never seen to start. */
function grantTo(observation: Observation, pod: Pod): Decision {
  const { latched, cluster } = observation;
  const isSecond = latched.seed !== undefined && latched.seed.podUid !== pod.uid;
  const mode = cluster.restore ? "Restore" : "New";
  const message = isSecond
    ? `${pod.name} founds the cluster: the pod before it is gone and was never seen to start`
    : `${pod.name} founds the cluster`;
  return act(
    { kind: "GrantSeed", pod: pod.name, podUid: pod.uid, mode },
    isSecond ? "BootstrapInterrupted" : "Bootstrapping",
    message,
    operation(observation, "Bootstrap", pod.name),
  );
}

function waitForSeed(observation: Observation): Decision {
  const founding = operation(observation, "Bootstrap", podName(observation.cluster.name, 0));
  return wait("Bootstrapping", complaint(observation, 0), RETRY_MS.process, founding);
}

function interrupted(observation: Observation, why: string): Decision {
  const message =
    `${why}; the cluster may have been founded and lost, so no second one is founded: ` +
    "delete this EtcdCluster and its claims and begin again, or restore a backup";
  return wait("BootstrapInterrupted", message, RETRY_MS.person, observation.latched.operation);
}
