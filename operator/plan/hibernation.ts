import { RETRY_MS, act, operation, wait } from "./decide.ts";
import type { Decision } from "./decision.ts";
import { learner } from "./learner.ts";
import { claimAt } from "./member-pod.ts";
import type { Observation } from "./observation.ts";
import { type Quorate, hasQuorum, healthyVoters, majority, voters } from "./quorum.ts";
import { repair } from "./repair.ts";
import { grow } from "./replicas.ts";

/**
 * Size 0: the pods go, the claims and the membership stay. A cluster without a quorum is not put to sleep, and a learner
 * is removed before: what is known of its progress would be forgotten.
 */
export function hibernation(observation: Observation): Decision | undefined {
  const { cluster, statefulSet } = observation;
  if (cluster.wanted > 0) return undefined;
  if (statefulSet === undefined || statefulSet.replicas === 0) return sleep(observation);
  return hasQuorum(observation) ? (learner(observation) ?? fallAsleep(observation)) : undefined;
}

/** A change of members that sleep came upon is gone on with when the cluster wakes up: what is known of it stays known. */
function sleep(observation: Observation): Decision {
  const { pods, cluster, latched } = observation;
  const change = latched.operation?.memberId === undefined ? undefined : latched.operation;
  if (pods.length > 0) {
    const message = `${pods.map((pod) => pod.name).join(", ")} still to stop`;
    return wait("Hibernating", message, RETRY_MS.pod, change ?? operation(observation, "Hibernate", cluster.name));
  }
  const message = "spec.replicas is 0: no pods, all data are kept";
  return { step: { kind: "None" }, reason: "Hibernated", message, ...(change && { operation: change }) };
}

/** A claim that is being deleted goes as soon as its pod stops: enough others have to stay to wake up with. */
function fallAsleep(observation: Quorate): Decision {
  const hibernate = operation(observation, "Hibernate", observation.cluster.name);
  const lasting = healthyVoters(observation).filter(
    ({ ordinal }) => claimAt(observation, ordinal)?.terminating !== true,
  );
  if (lasting.length >= majority(voters(observation).length)) {
    const message = "spec.replicas is 0: the pods are stopped, all data are kept";
    return act({ kind: "ScaleStatefulSet", replicas: 0 }, "Hibernating", message, hibernate);
  }
  const message = "too many claims are being deleted: their disks last only as long as their pods";
  return grow(observation) ?? repair(observation) ?? wait("MembershipBlocked", message, RETRY_MS.person, hibernate);
}
