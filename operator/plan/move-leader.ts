import type { HexId } from "../types/hex-id.ts";
import { RETRY_MS, act, wait } from "./decide.ts";
import type { Decision } from "./decision.ts";
import { leaderOf, memberName, podAt } from "./member-pod.ts";
import type { Member } from "./observation.ts";
import type { Operation } from "./operation.ts";
import { type Quorate, healthyVoters } from "./quorum.ts";
import type { MemberAtOrdinal } from "./step.ts";

/** Who is to stop leads no more before it does: a cluster whose leader just vanishes stands still for an election. */
export function moveLeader(
  observation: Quorate,
  from: HexId,
  reason: "ScalingDown" | "RolloutInProgress",
  inFlight: Operation,
): Decision | undefined {
  const healthy = healthyVoters(observation);
  const outgoing = healthy.find((voter) => voter.id === from);
  if (!outgoing) return undefined;
  const leader = leaderOf(observation);
  if (!leader) return wait(reason, "nobody is known to lead at the moment", RETRY_MS.process, inFlight);
  if (leader.id !== from) return undefined;
  const heir = heirOf(observation, from);
  if (!heir) return undefined;
  const message = `leadership moves from ${memberName(observation, outgoing)} to ${memberName(observation, heir)}`;
  return act({ kind: "MoveLeader", from: names(outgoing), to: names(heir) }, reason, message, inFlight);
}

/** One that is up to date if there is one, so that it need not hand over again; the lowest ordinal, which leaves last. */
function heirOf(observation: Quorate, from: HexId): Member | undefined {
  const isOutdated = (member: Member): number => (podAt(observation, member.ordinal)?.upToDate === true ? 0 : 1);
  return healthyVoters(observation)
    .filter((voter) => voter.id !== from)
    .toSorted((a, b) => isOutdated(a) - isOutdated(b) || (a.ordinal ?? 0) - (b.ordinal ?? 0))[0];
}

function names({ id, ordinal = -1 }: Member): MemberAtOrdinal {
  return { memberId: id, ordinal };
}
