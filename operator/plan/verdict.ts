import { RETRY_MS, wait } from "./decide.ts";
import type { Decision } from "./decision.ts";
import { complaint, isHealthy, podAt } from "./member-pod.ts";
import { type Quorate, voters } from "./quorum.ts";
import { neededReplicas } from "./replicas.ts";

/** Nothing is left to do but, perhaps, to wait until the last pods have come or gone. */
export function verdict(observation: Quorate): Decision {
  const { pods, cluster, latched } = observation;
  const sick = voters(observation).flatMap((voter) => {
    const isWell = isHealthy(observation, voter) && podAt(observation, voter.ordinal)?.ready === true;
    return isWell || voter.ordinal === undefined ? [] : [complaint(observation, voter.ordinal)];
  });
  if (sick.length > 0) return wait("MemberUnhealthy", sick.join("; "), RETRY_MS.pod);
  const leaving = pods.filter((pod) => pod.ordinal >= neededReplicas(observation));
  if (leaving.length > 0) {
    const message = `${leaving.map((pod) => pod.name).join(", ")} still to stop`;
    return wait("ScalingDown", message, RETRY_MS.pod, latched.operation);
  }
  return { step: { kind: "None" }, reason: "AsWanted", message: `${String(cluster.wanted)} members, all healthy` };
}
