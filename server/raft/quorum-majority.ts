import type { Index, NodeId } from "../base/ids.ts";
import { must } from "../base/assert.ts";

/** Members that decide by majority. */
export type MajorityConfig = ReadonlySet<NodeId>;

/** What is known of a vote: it is won or lost as soon as no missing answer can change it. */
export type VoteResult = "pending" | "lost" | "won";

/** The last index that a voter has acknowledged, undefined if it has not been heard of. */
export type AckedIndex = (id: NodeId) => Index | undefined;

/**
 * The highest index that a majority of voters has acknowledged. No voters at all agree to everything
 * (infinity), so that half of a joint configuration may be empty.
 */
export function majorityCommittedIndex(voters: MajorityConfig, acked: AckedIndex): Index {
  if (voters.size === 0) return Infinity;
  const descending: Index[] = [];
  for (const id of voters) insertDescending(descending, acked(id) ?? 0);
  return must(descending[Math.floor(voters.size / 2)]);
}

/** Insertion beats a general sort for the handful of voters that a cluster has. */
function insertDescending(indexes: Index[], index: Index): void {
  let at = indexes.length;
  indexes.push(index);
  for (; at > 0; at--) {
    const before = must(indexes[at - 1]);
    if (before >= index) break;
    indexes[at] = before;
  }
  indexes[at] = index;
}

/** Counts the votes; no voters at all have always agreed. */
export function majorityVoteResult(voters: MajorityConfig, votes: ReadonlyMap<NodeId, boolean>): VoteResult {
  if (voters.size === 0) return "won";
  let granted = 0;
  let missing = 0;
  for (const id of voters) {
    const vote = votes.get(id);
    if (vote === undefined) missing++;
    else if (vote) granted++;
  }
  const quorum = Math.floor(voters.size / 2) + 1;
  if (granted >= quorum) return "won";
  return granted + missing >= quorum ? "pending" : "lost";
}
