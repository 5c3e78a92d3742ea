import { assert, must } from "../base/assert.ts";
import { NO_NODE } from "../base/ids.ts";
import type { Index, Term } from "../base/ids.ts";
import type { ConfState, Entry, HardState, Snapshot, SnapshotMetadata } from "../proto/raft-message.ts";
import { emptyConfiguration, confStateOf } from "./configuration.ts";
import { limitEntries } from "./limit-entries.ts";
import type { Storage } from "./storage.ts";

/** A Storage in an array: the whole storage in tests, the readable tail of the log beside a WAL. */
export class MemoryStorage implements Storage {
  #hardState: HardState = { term: 0, vote: NO_NODE, commit: 0 };
  #snapshot: Snapshot = {
    data: undefined,
    metadata: { confState: confStateOf(emptyConfiguration), index: 0, term: 0 },
  };
  /** The entry before the first: where the log was compacted. */
  #base: { readonly index: Index; readonly term: Term } = { index: 0, term: 0 };
  #entries: Entry[] = [];

  initialState(): { readonly hardState: HardState; readonly confState: ConfState } {
    return { hardState: this.#hardState, confState: this.#snapshot.metadata.confState };
  }

  entries(lo: Index, hi: Index, maxSize: number): readonly Entry[] | undefined {
    if (lo <= this.#base.index) return undefined;
    assert(hi <= this.lastIndex() + 1, "only entries that are there are asked for");
    return limitEntries(this.#entries.slice(lo - this.#base.index - 1, hi - this.#base.index - 1), maxSize);
  }

  term(index: Index): Term | undefined {
    return index === this.#base.index ? this.#base.term : this.#entries[index - this.#base.index - 1]?.term;
  }

  firstIndex(): Index {
    return this.#base.index + 1;
  }

  lastIndex(): Index {
    return this.#base.index + this.#entries.length;
  }

  snapshot(): Snapshot {
    return this.#snapshot;
  }

  setHardState(hardState: HardState): void {
    this.#hardState = hardState;
  }

  /** Adds entries, replacing whatever was stored from their first index on; compacted ones are left out. */
  append(entries: readonly Entry[]): void {
    const fresh = entries.filter((entry) => entry.index > this.#base.index);
    const first = fresh[0];
    if (first === undefined) return;
    const keep = first.index - this.#base.index - 1;
    assert(keep <= this.#entries.length, "a log has no gaps");
    this.#entries.length = keep;
    for (const entry of fresh) this.#entries.push(entry);
  }

  /** Starts over from a snapshot; false if what is there is as new. */
  applySnapshot(snapshot: Snapshot): boolean {
    const { index, term } = snapshot.metadata;
    if (this.#snapshot.metadata.index >= index) return false;
    this.#snapshot = snapshot;
    this.#base = { index, term };
    this.#entries = [];
    return true;
  }

  /** Makes the snapshot at an index of the log; false if what is there is as new. */
  createSnapshot(index: Index, confState: ConfState, data: Uint8Array | undefined): boolean {
    if (index <= this.#snapshot.metadata.index) return false;
    const term = must(this.term(index), "a snapshot is made at an index of the log");
    const metadata: SnapshotMetadata = { confState, index, term };
    this.#snapshot = { data, metadata };
    return true;
  }

  /** Lets go of the entries up to an index, which must have been applied. */
  compact(index: Index): void {
    if (index <= this.#base.index) return;
    const term = must(this.term(index), "only entries that are there are compacted");
    this.#entries = this.#entries.slice(index - this.#base.index);
    this.#base = { index, term };
  }
}
