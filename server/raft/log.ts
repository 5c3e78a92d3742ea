import { assert, must } from "../base/assert.ts";
import type { Index, Term } from "../base/ids.ts";
import type { Entry, Snapshot } from "../proto/raft-message.ts";
import { ApplyWindow } from "./apply-window.ts";
import { entriesSize, limitEntries } from "./limit-entries.ts";
import type { Storage } from "./storage.ts";
import { Unstable } from "./unstable.ts";

/** The position and term of an entry: two logs that agree on it agree on everything before (Raft thesis 3.5). */
export interface EntryId {
  readonly index: Index;
  readonly term: Term;
}

/** The replicated log: what storage holds, then what is unstable, and how far it is committed and applied. */
export class Log {
  readonly #storage: Storage;
  readonly #unstable: Unstable;
  readonly #window: ApplyWindow;
  #committed: Index;
  /** The last slice for sending: followers that keep pace are all sent the same one, read and measured once. */
  #shared: { readonly lo: Index; readonly hi: Index; readonly entries: readonly Entry[] } | undefined;

  /** `maxApplyingSize` bounds the wire bytes of entries that were handed out and not yet applied. */
  constructor(storage: Storage, maxApplyingSize: number) {
    this.#storage = storage;
    this.#unstable = new Unstable(storage.lastIndex() + 1);
    this.#committed = storage.firstIndex() - 1;
    this.#window = new ApplyWindow(this.#committed, maxApplyingSize);
  }

  get committed(): Index {
    return this.#committed;
  }

  /** Up to here the application has applied. */
  get applied(): Index {
    return this.#window.applied;
  }

  get firstIndex(): Index {
    return this.#unstable.firstIndex ?? this.#storage.firstIndex();
  }

  get lastIndex(): Index {
    return this.#unstable.lastIndex ?? this.#storage.lastIndex();
  }

  get lastEntryId(): EntryId {
    const index = this.lastIndex;
    return { index, term: must(this.term(index), "the last entry has a term") };
  }

  /** Entries or a snapshot that storage may not hold yet, being written or not. */
  get hasUnstableEntries(): boolean {
    return this.#unstable.hasEntries;
  }

  /** A received snapshot that is not yet written: until then nothing is applied and no election is started. */
  get hasUnstableSnapshot(): boolean {
    return this.#unstable.snapshot !== undefined;
  }

  get hasNextUnstableEntries(): boolean {
    return this.#unstable.hasNextEntries;
  }

  /** The term of an entry; undefined if it is compacted or not there. */
  term(index: Index): Term | undefined {
    const unstable = this.#unstable.term(index);
    if (unstable !== undefined) return unstable;
    if (index + 1 < this.firstIndex || index > this.lastIndex) return undefined;
    return this.#storage.term(index);
  }

  matches({ index, term }: EntryId): boolean {
    return this.term(index) === term;
  }

  /** Whether a log that ends with `theirs` holds everything that ours may have committed (Raft thesis 3.6.1). */
  isUpToDate(theirs: EntryId): boolean {
    const ours = this.lastEntryId;
    return theirs.term > ours.term || (theirs.term === ours.term && theirs.index >= ours.index);
  }

  /**
   * Adds a leader's entries after `previous`; false if our log does not have that entry. Entries that are
   * there already stay, the first that differs is replaced with all that follow.
   */
  maybeAppend(previous: EntryId, entries: readonly Entry[], leaderCommit: Index): boolean {
    if (!this.matches(previous)) return false;
    const fresh = entries.findIndex((entry) => !this.matches(entry));
    if (fresh >= 0) {
      assert(must(entries[fresh]).index > this.#committed, "a committed entry is never replaced");
      this.append(fresh === 0 ? entries : entries.slice(fresh));
    }
    this.commitTo(Math.min(leaderCommit, previous.index + entries.length));
    return true;
  }

  append(entries: readonly Entry[]): void {
    const first = entries[0];
    if (first === undefined) return;
    assert(first.index > this.#committed, "a committed entry is never replaced");
    this.#shared = undefined;
    this.#unstable.truncateAndAppend(entries);
  }

  /**
   * Where this log may still agree with another of which one entry is known: the highest index at or below the
   * given one whose term is not above the given term. The term is 0 if we do not know ours there.
   */
  findConflictByTerm(index: Index, term: Term): EntryId {
    for (let at = index; at > 0; at--) {
      const ours = this.term(at);
      if (ours === undefined) return { index: at, term: 0 };
      if (ours <= term) return { index: at, term: ours };
    }
    return { index: 0, term: 0 };
  }

  /** Raises the commit index; it never falls. */
  commitTo(index: Index): void {
    if (index <= this.#committed) return;
    assert(index <= this.lastIndex, "only entries that are there are committed; was the log truncated or lost?");
    this.#committed = index;
  }

  /** Commits up to an index that a quorum has, if its entry is of this term (Raft thesis 3.6.2). */
  maybeCommit(at: EntryId): boolean {
    if (at.term === 0 || at.index <= this.#committed || !this.matches(at)) return false;
    this.commitTo(at.index);
    return true;
  }

  /** The application has applied up to an index, entries of so many wire bytes. */
  appliedTo(index: Index, size: number): void {
    assert(index <= this.#committed && index >= this.applied, "what is applied is committed and never goes back");
    this.#window.appliedTo(index, size);
  }

  /** The entries that may be applied now. Unstable ones are allowed only where the write precedes the applying. */
  nextCommittedEntries(allowUnstable: boolean): readonly Entry[] {
    if (!this.hasNextCommittedEntries(allowUnstable)) return [];
    const entries = this.slice(this.#window.applying + 1, this.#maxAppliable(allowUnstable) + 1, this.#window.room);
    return must(entries, "committed entries that are not applied are not compacted");
  }

  hasNextCommittedEntries(allowUnstable: boolean): boolean {
    if (this.#window.isPaused || this.hasUnstableSnapshot) return false;
    return this.#window.applying < this.#maxAppliable(allowUnstable);
  }

  /** These committed entries have been handed out. */
  acceptApplying(entries: readonly Entry[], allowUnstable: boolean): void {
    const last = must(entries.at(-1), "something is applied").index;
    assert(last <= this.#committed, "what is applied is committed");
    this.#window.accept(last, { size: entriesSize(entries), hasMore: last < this.#maxAppliable(allowUnstable) });
  }

  nextUnstableEntries(): readonly Entry[] {
    return this.#unstable.nextEntries();
  }

  nextUnstableSnapshot(): Snapshot | undefined {
    return this.#unstable.nextSnapshot();
  }

  /** Everything unstable has been handed out for writing. */
  acceptUnstable(): void {
    this.#unstable.acceptInProgress();
  }

  /** Storage holds everything up to this entry. */
  stableTo({ index, term }: EntryId): void {
    this.#unstable.stableTo(index, term);
  }

  /** Storage holds the snapshot at this index. */
  stableSnapshotTo(index: Index): void {
    this.#unstable.stableSnapshotTo(index);
  }

  /** The snapshot to send; undefined if there is none at the moment. */
  snapshot(): Snapshot | undefined {
    return this.#unstable.snapshot ?? this.#storage.snapshot();
  }

  /** Starts over from a snapshot that was received. */
  restore(snapshot: Snapshot): void {
    this.#shared = undefined;
    this.#committed = snapshot.metadata.index;
    this.#unstable.restore(snapshot);
  }

  /** The entries from an index on, within `maxSize` wire bytes; undefined if that index has been compacted. */
  entriesFrom(index: Index, maxSize: number): readonly Entry[] | undefined {
    const hi = this.lastIndex + 1;
    if (index >= hi) return [];
    if (this.#shared?.lo === index && this.#shared.hi === hi && index >= this.firstIndex) return this.#shared.entries;
    const entries = this.slice(index, hi, maxSize);
    if (entries !== undefined) this.#shared = { lo: index, hi, entries };
    return entries;
  }

  /** The entries in [lo, hi), within `maxSize` wire bytes; undefined if lo has been compacted. */
  slice(lo: Index, hi: Index, maxSize: number): readonly Entry[] | undefined {
    assert(lo <= hi && hi <= this.lastIndex + 1, "a slice lies within the log");
    if (lo < this.firstIndex) return undefined;
    if (lo === hi) return [];
    const { offset } = this.#unstable;
    if (lo >= offset) return limitEntries(this.#unstable.slice(lo, hi), maxSize);

    const cut = Math.min(hi, offset);
    const stored = this.#storage.entries(lo, cut, maxSize);
    if (stored === undefined || hi <= offset || stored.length < cut - lo) return stored;
    const room = maxSize - entriesSize(stored);
    if (room <= 0) return stored;
    const unstable = limitEntries(this.#unstable.slice(offset, hi), room);
    // One entry is returned whatever its size; here we have entries already, so an oversized one can wait.
    if (unstable.length === 1 && entriesSize(unstable) > room) return stored;
    return [...stored, ...unstable];
  }

  #maxAppliable(allowUnstable: boolean): Index {
    return allowUnstable ? this.#committed : Math.min(this.#committed, this.#unstable.offset - 1);
  }
}
