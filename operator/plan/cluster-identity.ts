import type { RunningMember } from "../types/running-member.ts";
import { RETRY_MS, wait } from "./decide.ts";
import type { Decision } from "./decision.ts";
import type { Observation, Pod } from "./observation.ts";

/** All pods are of one cluster, the one that was latched. If not, two of them exist, and any act may hit the right one. */
export function clusterIdentity({ pods, latched }: Observation): Decision | undefined {
  const running = pods.filter((pod): pod is RunningPod => pod.process.kind === "Running");
  const ours = latched.clusterId ?? running[0]?.process.clusterId;
  const stranger = running.find(({ process }) => process.clusterId !== ours);
  if (ours === undefined || !stranger) return undefined;
  const message =
    `${stranger.name} runs as part of cluster ${stranger.process.clusterId}, but this is cluster ${ours}: ` +
    "nothing is touched until a person has found out which one holds the data";
  return wait("ClusterIDMismatch", message, RETRY_MS.person, latched.operation);
}

type RunningPod = Pod & { readonly process: RunningMember };
