import type { Index, Term } from "../base/ids.ts";
import type { ConfState, Entry, HardState, Snapshot } from "../proto/raft-message.ts";

/**
 * What raft reads back of what it asked to be written. It never writes here: writing is the work of whoever
 * handles a Ready. Every method answers at once; entries that can be asked for are therefore in memory.
 */
export interface Storage {
  /** The state to start from; asked once. */
  initialState(): { readonly hardState: HardState; readonly confState: ConfState };
  /**
   * The entries in [lo, hi), at least one of them, further ones only while all together stay within `maxSize`
   * wire bytes. Undefined if lo has been compacted. The caller does not change the array.
   */
  entries(lo: Index, hi: Index, maxSize: number): readonly Entry[] | undefined;
  /** The term of an entry or of the one right before the first; undefined if it is compacted or not there yet. */
  term(index: Index): Term | undefined;
  /** The first index that `entries` can return; older ones are part of the snapshot. */
  firstIndex(): Index;
  /** The last index there is; `firstIndex() - 1` if there is no entry. */
  lastIndex(): Index;
  /** The latest snapshot; undefined if one has to be prepared first, raft asks again later. */
  snapshot(): Snapshot | undefined;
}
