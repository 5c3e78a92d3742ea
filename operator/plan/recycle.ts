import { RETRY_MS, act, wait } from "./decide.ts";
import type { Decision } from "./decision.ts";
import { claimAt, complaint, dataOf } from "./member-pod.ts";
import type { Pod } from "./observation.ts";
import type { Operation } from "./operation.ts";
import type { Quorate } from "./quorum.ts";

/** Whether the volume is that of a member that is none any more: such data never come back into the cluster. */
export function holdsRemovedData({ members }: Quorate, pod: Pod): boolean {
  const id = dataOf(pod);
  return id !== undefined && !members.some((member) => member.id === id);
}

/**
 * Gives a pod a new volume. The claim first: from then on nobody can change his mind, it goes when the pod goes, and the
 * StatefulSet makes both anew.
 */
export function recycle(observation: Quorate, pod: Pod, inFlight: Operation): Decision {
  const claim = claimAt(observation, pod.ordinal);
  if (claim && !claim.isOurs) {
    const message = `${pod.name} has a claim that is not this cluster's: it is not touched`;
    return wait("ForeignVolume", message, RETRY_MS.person, inFlight);
  }
  const message = `${pod.name} has the data of a member that was removed: it gets a new volume`;
  if (claim && !claim.terminating) {
    return act({ kind: "DeleteClaim", ordinal: claim.ordinal, uid: claim.uid }, "RemovedMember", message, inFlight);
  }
  if (pod.terminating) return wait("RemovedMember", complaint(observation, pod.ordinal), RETRY_MS.pod, inFlight);
  return act({ kind: "DeletePod", name: pod.name, uid: pod.uid }, "RemovedMember", message, inFlight);
}
