import { RETRY_MS, act, operation, wait } from "./decide.ts";
import type { Decision } from "./decision.ts";
import { complaint, isHealthy, podAt } from "./member-pod.ts";
import type { Observation, Pod } from "./observation.ts";
import { healthyVoters, majority, voters } from "./quorum.ts";
import { restartOutdated } from "./restart-outdated.ts";

/** So long a cluster that wakes from hibernation is said to be resuming, and not to have lost its quorum. */
const RESUMING_MS = 600_000;

/**
 * Without a quorum nothing is deleted, removed or recreated: whoever is out of reach may come back and be needed. Only
 * members whose pods are not even wanted are asked for, which is how a hibernated cluster wakes up. And the pod that our
 * own rollout took down, and that does not answer, is restarted when it is out of date: so a reverted template heals even a
 * cluster of one.
 */
export function quorumLost(observation: Observation): Decision {
  return growToMembers(observation) ?? restartOurs(observation) ?? waitForQuorum(observation);
}

function growToMembers(observation: Observation): Decision | undefined {
  const { statefulSet, cluster, latched } = observation;
  const existing = existingReplicas(observation);
  if ((statefulSet?.replicas ?? 0) >= existing) return undefined;
  const isAsleep = latched.operation === undefined || latched.operation.type === "Hibernate";
  const inFlight = isAsleep ? operation(observation, "Resume", cluster.name) : latched.operation;
  const message = `the StatefulSet is scaled to ${String(existing)} replicas, one for each member that there is`;
  return act({ kind: "ScaleStatefulSet", replicas: existing }, "Resuming", message, inFlight);
}

function restartOurs(observation: Observation): Decision | undefined {
  const inFlight = observation.latched.operation;
  if (inFlight?.type !== "Rollout" || inFlight.phase !== "DeletePod") return undefined;
  const { target, podUid } = inFlight;
  const ours = observation.pods.filter(({ name, uid, process }) => {
    return name === target && uid !== podUid && process.kind === "Unreachable";
  });
  return restartOutdated(observation, inFlight, ours);
}

function waitForQuorum(observation: Observation): Decision {
  const { nowMs, latched } = observation;
  const inFlight = latched.operation;
  const isResuming = inFlight?.type === "Resume" && nowMs - inFlight.startedMs < RESUMING_MS;
  return wait(isResuming ? "Resuming" : "QuorumLost", describe(observation), RETRY_MS.process, inFlight);
}

/** As many as it takes to give every member its pod; nobody says who the members are, but each has a claim. */
function existingReplicas({ members = [], claims, cluster }: Observation): number {
  const kept = claims.filter((claim) => claim.isOurs && !claim.terminating);
  const ordinals = [...members, ...kept].flatMap(({ ordinal }) => (ordinal === undefined ? [] : [ordinal]));
  return ordinals.length === 0 ? cluster.wanted : Math.max(...ordinals) + 1;
}

function describe(observation: Observation): string {
  const size = voters(observation).length;
  const count =
    size === 0
      ? "no member answers with a quorum behind it"
      : `${String(healthyVoters(observation).length)} of ${String(size)} voters are healthy, ${String(majority(size))} are needed`;
  const silent =
    size === 0
      ? observation.pods.filter((pod) => !pod.ready)
      : voters(observation).filter((voter) => !isHealthy(observation, voter));
  const complaints = silent.flatMap(({ ordinal }) => {
    return ordinal === undefined ? [] : [complaint(observation, ordinal) + adviceOn(podAt(observation, ordinal))];
  });
  return [`${count}; nothing is deleted or removed meanwhile`, ...complaints].join("; ");
}

/** It may be what the quorum waits for, and only a person can know that it is safe to restart. */
function adviceOn(pod: Pod | undefined): string {
  return pod === undefined || pod.upToDate || pod.ready
    ? ""
    : ` and is out of date (to restart it with the template of now: kubectl delete pod ${pod.name})`;
}
