import { EntryType, MessageType } from "../proto/raft-message.ts";
import type { Entry } from "../proto/raft-message.ts";
import { payloadSize } from "./limit-entries.ts";
import { send } from "./outbox.ts";
import type { RaftState } from "./raft-state.ts";

/** The entry by which a new leader commits what its predecessors left (Raft thesis 3.6.2). */
export const emptyEntry: Entry = { type: EntryType.Normal, term: 0, index: 0, data: undefined };

/** Appends to the leader's own log under its term; false if too much is uncommitted already. */
export function appendAsLeader(raft: RaftState, entries: readonly Entry[]): boolean {
  const size = payloadSize(entries);
  // Empty entries always pass: a new leader's first one, and the one that leaves a joint configuration.
  const isOverLimit = raft.uncommittedSize + size > raft.config.maxUncommittedEntriesSize;
  if (raft.uncommittedSize > 0 && size > 0 && isOverLimit) return false;
  raft.uncommittedSize += size;

  const last = raft.log.lastIndex;
  const { term } = raft;
  raft.log.append(entries.map(({ type, data }, i) => ({ type, term, index: last + 1 + i, data })));
  // The leader acknowledges to itself as a follower does: only once the entries are on its disk.
  send(raft, { type: MessageType.AppResp, to: raft.id, index: last + entries.length });
  return true;
}

/** Entries of so many payload bytes were applied. */
export function reduceUncommittedSize(raft: RaftState, size: number): void {
  raft.uncommittedSize = Math.max(0, raft.uncommittedSize - size);
}

/** Commits what a quorum has; true if that is more than before. */
export function commitByQuorum(raft: RaftState): boolean {
  return raft.log.maybeCommit({ term: raft.term, index: raft.tracker.committedIndex });
}
