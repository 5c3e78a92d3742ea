import { assert, must } from "../base/assert.ts";
import type { Index, Term } from "../base/ids.ts";
import type { Entry, Snapshot } from "../proto/raft-message.ts";

/**
 * The end of the log that storage may not hold yet: new entries and a snapshot that was received. They stay
 * here while they are being written, until the write is confirmed. The first index here may lie below what
 * storage holds: then storage is going to be truncated.
 */
export class Unstable {
  #entries: Entry[] = [];
  #snapshot: Snapshot | undefined;
  #isSnapshotInProgress = false;
  /** Index of the first entry here, whether or not there is one. */
  #offset: Index;
  /** Entries below this index have been handed out for writing. Invariant: offset <= inProgressEnd. */
  #inProgressEnd: Index;

  constructor(offset: Index) {
    this.#offset = offset;
    this.#inProgressEnd = offset;
  }

  get offset(): Index {
    return this.#offset;
  }

  /** Whether there is an entry here, being written or not. */
  get hasEntries(): boolean {
    return this.#entries.length > 0;
  }

  /** Whether there are entries to hand out. */
  get hasNextEntries(): boolean {
    return this.#offset + this.#entries.length > this.#inProgressEnd;
  }

  /** The snapshot, being written or not. */
  get snapshot(): Snapshot | undefined {
    return this.#snapshot;
  }

  /** The first index of the log, if a snapshot here decides it. */
  get firstIndex(): Index | undefined {
    return this.#snapshot === undefined ? undefined : this.#snapshot.metadata.index + 1;
  }

  /** The last index of the log, if it is here. */
  get lastIndex(): Index | undefined {
    if (this.#entries.length > 0) return this.#offset + this.#entries.length - 1;
    return this.#snapshot?.metadata.index;
  }

  term(index: Index): Term | undefined {
    if (index >= this.#offset) return this.#entries[index - this.#offset]?.term;
    return this.#snapshot?.metadata.index === index ? this.#snapshot.metadata.term : undefined;
  }

  /** The entries that have not been handed out for writing. */
  nextEntries(): readonly Entry[] {
    return this.hasNextEntries ? this.#entries.slice(this.#inProgressEnd - this.#offset) : [];
  }

  /** The snapshot, unless it has been handed out for writing. */
  nextSnapshot(): Snapshot | undefined {
    return this.#isSnapshotInProgress ? undefined : this.#snapshot;
  }

  /** Everything here has been handed out for writing. */
  acceptInProgress(): void {
    this.#inProgressEnd = Math.max(this.#inProgressEnd, this.#offset + this.#entries.length);
    if (this.#snapshot !== undefined) this.#isSnapshotInProgress = true;
  }

  /**
   * Entries up to this one are written. Ignored if the entry is not here any more: it may have been replaced
   * while it was being written. The caller vouches that no write in progress can still replace it.
   */
  stableTo(index: Index, term: Term): void {
    if (index < this.#offset || this.term(index) !== term) return;
    this.#entries = this.#entries.slice(index + 1 - this.#offset);
    this.#offset = index + 1;
    this.#inProgressEnd = Math.max(this.#inProgressEnd, this.#offset);
  }

  /** The snapshot at this index is written. */
  stableSnapshotTo(index: Index): void {
    if (this.#snapshot?.metadata.index !== index) return;
    this.#snapshot = undefined;
    this.#isSnapshotInProgress = false;
  }

  /** Starts over from a snapshot that was received. */
  restore(snapshot: Snapshot): void {
    this.#offset = snapshot.metadata.index + 1;
    this.#inProgressEnd = this.#offset;
    this.#entries = [];
    this.#snapshot = snapshot;
    this.#isSnapshotInProgress = false;
  }

  /** Adds entries, replacing everything from their first index on; what is replaced will be written again. */
  truncateAndAppend(entries: readonly Entry[]): void {
    const from = must(entries[0], "something is appended").index;
    assert(from <= this.#offset + this.#entries.length, "a log has no gaps");
    if (from <= this.#offset) {
      this.#entries = [...entries];
      this.#offset = from;
      this.#inProgressEnd = from;
      return;
    }
    this.#entries.length = from - this.#offset;
    this.#inProgressEnd = Math.min(this.#inProgressEnd, from);
    for (const entry of entries) this.#entries.push(entry);
  }

  /** The entries in [lo, hi), all of which are here. */
  slice(lo: Index, hi: Index): readonly Entry[] {
    assert(lo >= this.#offset && lo <= hi && hi <= this.#offset + this.#entries.length, "the entries are unstable");
    return this.#entries.slice(lo - this.#offset, hi - this.#offset);
  }
}
