import type { Index, NodeId } from "../base/ids.ts";
import { majorityCommittedIndex, majorityVoteResult } from "./quorum-majority.ts";
import type { AckedIndex, MajorityConfig, VoteResult } from "./quorum-majority.ts";

/** Two groups that both have to agree (Raft thesis 4.3); outgoing is empty unless a change is under way. */
export interface JointConfig {
  readonly incoming: MajorityConfig;
  readonly outgoing: MajorityConfig;
}

/** The highest index that both majorities have acknowledged. */
export function jointCommittedIndex({ incoming, outgoing }: JointConfig, acked: AckedIndex): Index {
  const index = majorityCommittedIndex(incoming, acked);
  return outgoing.size === 0 ? index : Math.min(index, majorityCommittedIndex(outgoing, acked));
}

/** A joint vote is won by both majorities and lost by either. */
export function jointVoteResult({ incoming, outgoing }: JointConfig, votes: ReadonlyMap<NodeId, boolean>): VoteResult {
  const first = majorityVoteResult(incoming, votes);
  const second = majorityVoteResult(outgoing, votes);
  if (first === second) return first;
  return first === "lost" || second === "lost" ? "lost" : "pending";
}

/** Every voter of either half, once. */
export function jointVoters({ incoming, outgoing }: JointConfig): ReadonlySet<NodeId> {
  return outgoing.size === 0 ? incoming : new Set([...incoming, ...outgoing]);
}
