import { podName } from "../types/names.ts";
import { RETRY_MS, act, operation, wait } from "./decide.ts";
import type { Decision } from "./decision.ts";
import { moveLeader } from "./move-leader.ts";
import { type Quorate, keepsQuorumWithout, voters } from "./quorum.ts";

/**
 * Voters beyond the wanted size leave, the highest ordinal first. If that one would cost the quorum, one that is dead
 * anyway may go before it. Whoever leads hands over first.
 */
export function leave(observation: Quorate): Decision | undefined {
  const { cluster } = observation;
  const leavers = voters(observation)
    .flatMap(({ id, ordinal }) => (ordinal !== undefined && ordinal >= cluster.wanted ? [{ id, ordinal }] : []))
    .toSorted((a, b) => b.ordinal - a.ordinal);
  const [highest] = leavers;
  if (!highest) return undefined;
  const leaver = leavers.find(({ id }) => keepsQuorumWithout(observation, id));
  const name = podName(observation.cluster.name, (leaver ?? highest).ordinal);
  const leaving = operation(observation, "ScaleDown", name);
  if (!leaver) {
    const message = `${name} is to leave, but without it the healthy voters would be no majority`;
    return wait("MembershipBlocked", message, RETRY_MS.pod, leaving);
  }
  const handOver = moveLeader(observation, leaver.id, "ScalingDown", leaving);
  if (handOver) return handOver;
  const step = { kind: "RemoveMember", memberId: leaver.id, ordinal: leaver.ordinal } as const;
  return act(step, "ScalingDown", `${name} leaves the cluster`, { ...leaving, memberId: leaver.id });
}
