import type { Index } from "../base/ids.ts";
import type { ConfState, Entry, HardState, SnapshotMetadata } from "../proto/raft-message.ts";
import { MemoryStorage } from "../raft/memory-storage.ts";
import type { Storage } from "../raft/storage.ts";

/** What a member finds of its log when it starts. */
export interface RecoveredLog {
  /** Where the log begins; everything up to there is in the store. */
  readonly snapshot: SnapshotMetadata | undefined;
  readonly entries: readonly Entry[];
  readonly hardState: HardState;
  /** The store holds everything up to here. */
  readonly appliedIndex: Index;
  /** The configuration at `appliedIndex`, which the store remembers. */
  readonly confState: ConfState | undefined;
}

/** The log in memory, as recovered. */
export function logInMemory({ snapshot, entries, hardState, appliedIndex }: RecoveredLog): MemoryStorage {
  const log = new MemoryStorage();
  if (snapshot) log.applySnapshot({ data: undefined, metadata: snapshot });
  log.append(entries);
  // What has been applied was committed, even if the WAL's last word on that is older.
  log.setHardState({ ...hardState, commit: Math.max(hardState.commit, appliedIndex) });
  return log;
}

/**
 * The same log as raft starts from it. Raft takes up at the applied index, not at the log's beginning, so it gets
 * the configuration as of there: a change between the two was judged when it was applied and must not be judged again.
 */
export function raftStorage(log: MemoryStorage, confState: ConfState | undefined): Storage {
  return {
    initialState: () => {
      const initial = log.initialState();
      return { hardState: initial.hardState, confState: confState ?? initial.confState };
    },
    entries: (lo, hi, maxSize) => log.entries(lo, hi, maxSize),
    term: (index) => log.term(index),
    firstIndex: () => log.firstIndex(),
    lastIndex: () => log.lastIndex(),
    snapshot: () => log.snapshot(),
  };
}
