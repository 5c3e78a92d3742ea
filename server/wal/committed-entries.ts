import type { Index } from "../base/ids.ts";
import type { Entry } from "../proto/raft-message.ts";
import type { WalItem } from "./wal-contents.ts";

/** Who takes the entries of a log. */
export interface EntryVisitor {
  /** The next committed entry; indexes ascend. */
  readonly entry: (entry: Entry) => void;
  /** Committed entries that the log does not hold (any more), because a snapshot stands for them. */
  readonly gap: (from: Index, to: Index) => void;
}

/**
 * Picks the committed entries out of a log's items, each once and in order. An entry that was written is held back
 * until a hard state says that it is committed: until then a later one may replace it. So memory holds no more than
 * the entries that were uncommitted at one time.
 */
export class CommittedEntries {
  readonly #visitor: EntryVisitor;
  /** Consecutive; they follow what has been handed on. */
  #held: Entry[] = [];
  #handedOn: Index;
  #commit: Index = 0;

  /** Entries up to `after` are taken as known. */
  constructor(visitor: EntryVisitor, after: Index = 0) {
    this.#visitor = visitor;
    this.#handedOn = after;
  }

  readonly visit = (item: WalItem): void => {
    if (item.kind === "entry") this.#hold(item.entry);
    else if (item.kind === "hard-state") this.#commitTo(item.hardState.commit);
    else if (item.kind === "snapshot") this.#skipTo(item.snapshot.index);
  };

  /** The last index that was handed on or skipped. */
  get handedOn(): Index {
    return this.#handedOn;
  }

  /** Written and not known to be committed. */
  get uncommitted(): readonly Entry[] {
    return this.#held;
  }

  /** Once all has been read: the indexes that were committed but not found; undefined if there is none. */
  finish(): { readonly from: Index; readonly to: Index } | undefined {
    this.#commitTo(this.#commit);
    return this.#commit > this.#handedOn ? { from: this.#handedOn + 1, to: this.#commit } : undefined;
  }

  #hold(entry: Entry): void {
    if (entry.index <= this.#handedOn) return;
    const place = entry.index - this.#handedOn - 1;
    if (place < this.#held.length) this.#held.length = place;
    // A log whose first segments were released begins later.
    else if (place > this.#held.length) this.#skipTo(entry.index - 1);
    this.#held.push({ ...entry, data: entry.data?.slice() });
  }

  #commitTo(commit: Index): void {
    this.#commit = Math.max(this.#commit, commit);
    const count = Math.min(this.#commit - this.#handedOn, this.#held.length);
    if (count <= 0) return;
    for (const entry of this.#held.splice(0, count)) {
      this.#visitor.entry(entry);
      this.#handedOn = entry.index;
    }
  }

  /** A snapshot that goes beyond what the log holds stands for all up to its index. */
  #skipTo(index: Index): void {
    const last = this.#held.at(-1)?.index ?? this.#handedOn;
    if (index <= last) return;
    this.#visitor.gap(this.#handedOn + 1, index);
    this.#held = [];
    this.#handedOn = index;
  }
}
