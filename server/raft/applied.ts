import type { Index } from "../base/ids.ts";
import { EntryType } from "../proto/raft-message.ts";
import type { Entry, Snapshot } from "../proto/raft-message.ts";
import { entriesSize, payloadSize } from "./limit-entries.ts";
import { reduceUncommittedSize } from "./leader-log.ts";
import { propose } from "./proposal.ts";
import type { RaftState } from "./raft-state.ts";

/** Leaves the joint configuration; without data it can never be refused for its size. */
const leaveJointEntry: Entry = { type: EntryType.ConfChangeV2, term: 0, index: 0, data: undefined };

/** The application has applied these entries. */
export function entriesApplied(raft: RaftState, entries: readonly Entry[]): void {
  const last = entries.at(-1);
  if (last === undefined) return;
  appliedTo(raft, last.index, entriesSize(entries));
  reduceUncommittedSize(raft, payloadSize(entries));
}

/** The snapshot is written and applied. */
export function snapshotApplied(raft: RaftState, { metadata }: Snapshot): void {
  raft.log.stableSnapshotTo(metadata.index);
  if (!raft.log.hasUnstableSnapshot) raft.membersBeforeSnapshot = undefined;
  appliedTo(raft, metadata.index, 0);
}

function appliedTo(raft: RaftState, index: Index, size: number): void {
  raft.log.appliedTo(Math.max(index, raft.log.applied), size);
  const isDue = raft.log.applied >= raft.pendingConfIndex && raft.role === "leader";
  // Dropped while leadership is handed over; asked again with every entry that is applied.
  if (isDue && raft.tracker.configuration.autoLeave) propose(raft, [leaveJointEntry]);
}
