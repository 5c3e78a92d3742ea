import { RETRY_MS, wait } from "./decide.ts";
import type { Decision } from "./decision.ts";
import { complaint, isHealthy, podAt } from "./member-pod.ts";
import { type Quorate, voters } from "./quorum.ts";
import { neededReplicas } from "./replicas.ts";

/** So long a kubelet may take to find that a member serves which does serve; after it something is wrong with the pod. */
const READY_LIMIT_MS = 60_000;

/** Nothing is left to do but, perhaps, to wait until the last pods have come or gone. */
export function verdict(observation: Quorate): Decision {
  const { pods, cluster, latched } = observation;
  const [sick, late] = troubles(observation);
  if (sick.length > 0) return wait("MemberUnhealthy", sick.join("; "), RETRY_MS.pod);
  if (late.length > 0) return wait("WaitingForPod", late.join("; "), RETRY_MS.pod);
  const leaving = pods.filter((pod) => pod.ordinal >= neededReplicas(observation));
  if (leaving.length > 0) {
    const message = `${leaving.map((pod) => pod.name).join(", ")} still to stop`;
    return wait("ScalingDown", message, RETRY_MS.pod, latched.operation);
  }
  if (cluster.upgradeAfter !== undefined) {
    const message = `the operator was upgraded; one cluster is rolled at a time, and it is the turn of ${cluster.upgradeAfter}`;
    return wait("UpgradeWaiting", message, RETRY_MS.pod);
  }
  return { step: { kind: "None" }, reason: "AsWanted", message: `${String(cluster.wanted)} members, all healthy` };
}

/** The voters that do not do their part, and those that do and whose kubelet has only to find out. */
function troubles(observation: Quorate): readonly [sick: readonly string[], late: readonly string[]] {
  const sick: string[] = [];
  const late: string[] = [];
  for (const voter of voters(observation)) {
    const pod = podAt(observation, voter.ordinal);
    const serves = isHealthy(observation, voter);
    if (voter.ordinal === undefined || (serves && pod?.ready === true)) continue;
    const isLate = serves && pod !== undefined && observation.nowMs - pod.sinceMs < READY_LIMIT_MS;
    (isLate ? late : sick).push(complaint(observation, voter.ordinal));
  }
  return [sick, late];
}
