import { RETRY_MS, act, operation, wait } from "./decide.ts";
import type { Decision } from "./decision.ts";
import { claimAt } from "./member-pod.ts";
import { learner } from "./learner.ts";
import type { Observation } from "./observation.ts";
import { repair } from "./repair.ts";
import { hasQuorum, healthyVoters, majority, voters } from "./quorum.ts";

/**
 * Size 0: the pods go, the claims and the membership stay. A cluster without a quorum is not put to sleep, and a learner
 * is removed before: what is known of its progress would be forgotten.
 */
export function hibernation(observation: Observation): Decision | undefined {
  const { cluster, statefulSet, pods } = observation;
  if (cluster.wanted > 0) return undefined;
  const hibernate = operation(observation, "Hibernate", cluster.name);
  if (statefulSet === undefined || statefulSet.replicas === 0) {
    if (pods.length > 0) {
      const message = `${pods.map((pod) => pod.name).join(", ")} still to stop`;
      return wait("Hibernating", message, RETRY_MS.pod, hibernate);
    }
    return { step: { kind: "None" }, reason: "Hibernated", message: "spec.replicas is 0: no pods, all data are kept" };
  }
  if (!hasQuorum(observation)) return undefined;
  const joining = learner(observation);
  if (joining) return joining;
  const lasting = healthyVoters(observation).filter(
    ({ ordinal }) => claimAt(observation, ordinal)?.terminating !== true,
  );
  if (lasting.length < majority(voters(observation).length)) {
    const message = "too many claims are being deleted: their disks last only as long as their pods";
    return repair(observation) ?? wait("MembershipBlocked", message, RETRY_MS.person, hibernate);
  }
  const message = "spec.replicas is 0: the pods are stopped, all data are kept";
  return act({ kind: "ScaleStatefulSet", replicas: 0 }, "Hibernating", message, hibernate);
}
