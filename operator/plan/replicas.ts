import { podName } from "../types/names.ts";
import { act, operation } from "./decide.ts";
import type { Decision } from "./decision.ts";
import type { Quorate } from "./quorum.ts";

/** As many pods as are wanted, and one for every member that is still there. */
export function neededReplicas({ cluster, members }: Quorate): number {
  return Math.max(cluster.wanted, ...members.map(({ ordinal = -1 }) => ordinal + 1));
}

/** More pods do no harm: whoever is not a member waits for leave. What is in flight stays in flight, as it is. */
export function grow(observation: Quorate): Decision | undefined {
  const needed = neededReplicas(observation);
  const replicas = observation.statefulSet?.replicas ?? 0;
  if (replicas >= needed) return undefined;
  const message = `${String(needed)} pods are needed, the StatefulSet has ${String(replicas)}`;
  const growing = operation(observation, "ScaleUp", podName(observation.cluster.name, replicas));
  const decision = act({ kind: "ScaleStatefulSet", replicas: needed }, "ScalingUp", message, growing);
  const inFlight = observation.latched.operation;
  return inFlight ? { ...decision, operation: inFlight } : decision;
}

/**
 * What belongs to no member, beyond the wanted size, goes: first the claim, which from then on only waits for its pod,
 * then the pod. In this order a crash or a change of mind between the two leaves no data of a removed member behind.
 */
export function shrink(observation: Quorate): Decision | undefined {
  const { claims, statefulSet } = observation;
  const needed = neededReplicas(observation);
  const [last] = claims
    .filter(({ isOurs, terminating, ordinal }) => isOurs && !terminating && ordinal >= needed)
    .toSorted((a, b) => b.ordinal - a.ordinal);
  if (last) {
    const name = podName(observation.cluster.name, last.ordinal);
    const leaving = operation(observation, "ScaleDown", name);
    const message = `${name} is no member: its claim is deleted`;
    return act({ kind: "DeleteClaim", ordinal: last.ordinal, uid: last.uid }, "ScalingDown", message, leaving);
  }
  if (!statefulSet || statefulSet.replicas <= needed) return undefined;
  const leaving = operation(observation, "ScaleDown", podName(observation.cluster.name, needed));
  const message = `${String(needed)} pods are needed, the StatefulSet has ${String(statefulSet.replicas)}`;
  return act({ kind: "ScaleStatefulSet", replicas: needed }, "ScalingDown", message, leaving);
}
