import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { entrySize } from "../../../server/proto/raft-codec.ts";
import type { Entry, Snapshot } from "../../../server/proto/raft-message.ts";
import type { EntryId } from "../../../server/raft/log.ts";
import { Log } from "../../../server/raft/log.ts";
import { MemoryStorage } from "../../../server/raft/memory-storage.ts";

interface Write {
  readonly entries: readonly Entry[];
  readonly snapshot: Snapshot | undefined;
  readonly term: number;
  readonly last: EntryId | undefined;
}

const command = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("append" as const),
      back: fc.nat(6),
      count: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("hand-out" as const) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("written" as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("commit" as const), by: fc.nat(4) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("apply" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("compact" as const), keep: fc.nat(3) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("snapshot" as const), ahead: fc.integer({ min: 1, max: 5 }) }),
  },
);
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

const nobody = { voters: [], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };

/** A log with a disk that is late, beside the plain array that it stands for. */
class Harness {
  readonly storage = new MemoryStorage();
  readonly log = new Log(this.storage, Infinity);
  readonly writes: Write[] = [];
  term = 1;
  model: { base: EntryId; entries: Entry[]; committed: number; applied: number } = {
    base: { index: 0, term: 0 },
    entries: [],
    committed: 0,
    applied: 0,
  };

  get lastIndex(): number {
    return this.model.base.index + this.model.entries.length;
  }

  run(given: Command): void {
    switch (given.kind) {
      case "append":
        return this.#append(given.back, given.count);
      case "hand-out":
        return this.#handOut();
      case "written":
        return this.#written();
      case "commit":
        this.model.committed = Math.min(this.lastIndex, this.model.committed + given.by);
        return this.log.commitTo(this.model.committed);
      case "apply":
        return this.#apply();
      case "compact":
        return this.storage.compact(Math.min(this.log.applied, this.storage.lastIndex()) - given.keep);
      case "snapshot":
        return this.#snapshot(given.ahead);
    }
  }

  /** Replaces some of the uncommitted tail, as a new leader of a higher term does. */
  #append(back: number, count: number): void {
    const keep = Math.max(this.model.committed, this.lastIndex - back);
    if (keep < this.lastIndex) this.term++;
    const entries = Array.from({ length: count }, (_, i): Entry => {
      return { type: 0, term: this.term, index: keep + 1 + i, data: new Uint8Array((this.term * 7 + i) % 5) };
    });
    this.log.append(entries);
    this.model.entries = [...this.model.entries.slice(0, keep - this.model.base.index), ...entries];
  }

  #handOut(): void {
    const entries = this.log.nextUnstableEntries();
    const snapshot = this.log.nextUnstableSnapshot();
    const last = this.log.hasUnstableEntries ? this.log.lastEntryId : undefined;
    this.writes.push({ entries, snapshot, term: this.term, last });
    this.log.acceptUnstable();
    expect(this.log.hasNextUnstableEntries).toBe(false);
  }

  #written(): void {
    const write = this.writes.shift();
    if (write === undefined) return;
    if (write.snapshot !== undefined) this.storage.applySnapshot(write.snapshot);
    this.storage.append(write.entries);
    if (write.term === this.term && write.last !== undefined) this.log.stableTo(write.last);
    if (write.snapshot === undefined) return;
    const { index } = write.snapshot.metadata;
    this.log.stableSnapshotTo(index);
    if (index > this.log.applied) this.log.appliedTo(index, 0);
    this.model.applied = Math.max(this.model.applied, index);
  }

  #apply(): void {
    const entries = this.log.nextCommittedEntries(false);
    expect(this.log.hasNextCommittedEntries(false)).toBe(entries.length > 0);
    if (entries.length === 0) return;
    expect(entries[0]!.index).toBe(this.model.applied + 1);
    for (const entry of entries) expect(entry).toBe(this.model.entries[entry.index - this.model.base.index - 1]);
    this.log.acceptApplying(entries, false);
    this.model.applied = entries.at(-1)!.index;
    this.log.appliedTo(
      this.model.applied,
      entries.reduce((sum, entry) => sum + entrySize(entry), 0),
    );
  }

  #snapshot(ahead: number): void {
    const metadata = { index: this.lastIndex + ahead, term: ++this.term, confState: nobody };
    this.log.restore({ data: undefined, metadata });
    this.model = { ...this.model, base: metadata, entries: [], committed: metadata.index };
  }

  check(): void {
    const { base, entries, committed } = this.model;
    expect(this.log.lastIndex).toBe(this.lastIndex);
    expect(this.log.committed).toBe(committed);
    expect(this.log.lastEntryId.term).toBe(entries.at(-1)?.term ?? base.term);
    const { firstIndex } = this.log;
    expect(firstIndex).toBeGreaterThan(base.index);
    for (const entry of entries) {
      if (entry.index >= firstIndex) expect(this.log.term(entry.index)).toBe(entry.term);
    }
    expect(this.log.term(this.lastIndex + 1)).toBeUndefined();
    const visible = entries.filter(({ index }) => index >= firstIndex);
    for (const maxSize of [0, 10, 17, Infinity]) {
      expect(this.log.slice(firstIndex, this.lastIndex + 1, maxSize)).toEqual(prefix(visible, maxSize));
      expect(this.log.entriesFrom(this.lastIndex, maxSize) ?? []).toEqual(visible.slice(-1));
    }
    expect(this.log.slice(firstIndex - 1, firstIndex, Infinity)).toBeUndefined();
  }
}

function emptyEntry(index: number, term: number): Entry {
  return { type: 0, term, index, data: undefined };
}

/** The naive limit: as many entries as fit, at least one. */
function prefix(entries: readonly Entry[], maxSize: number): readonly Entry[] {
  let size = 0;
  return entries.filter((entry, i) => (size += entrySize(entry)) <= maxSize || i === 0);
}

describe("the log", () => {
  test("looks like one array while its entries are written late, replaced, compacted and restored", () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
        const harness = new Harness();
        for (const each of commands) {
          harness.run(each);
          harness.check();
        }
      }),
      { numRuns: 500 },
    );
  });

  test("finds the last place where it may agree with another log", () => {
    const terms = fc
      .array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 10 })
      .map((all) => all.toSorted((a, b) => a - b));
    fc.assert(
      fc.property(terms, fc.nat(10), fc.nat(6), (all, index, term) => {
        const log = new Log(new MemoryStorage(), Infinity);
        log.append(all.map((each, i) => ({ type: 0, term: each, index: i + 1, data: undefined })));
        const from = Math.min(index, all.length);
        const naive = all.slice(0, from).findLastIndex((each) => each <= term) + 1;
        expect(log.findConflictByTerm(from, term)).toEqual({ index: naive, term: naive === 0 ? 0 : all[naive - 1] });
      }),
    );
  });

  test("takes a leader's entries only where the logs agree, and keeps what they share", () => {
    const log = new Log(new MemoryStorage(), Infinity);
    log.append([emptyEntry(1, 1), emptyEntry(2, 1), emptyEntry(3, 1)]);
    expect(log.maybeAppend({ index: 3, term: 2 }, [emptyEntry(4, 2)], 0)).toBe(false);
    expect(log.maybeAppend({ index: 1, term: 1 }, [emptyEntry(2, 1)], 2)).toBe(true);
    expect([log.lastIndex, log.committed]).toEqual([3, 2]);
    expect(log.maybeAppend({ index: 2, term: 1 }, [emptyEntry(3, 2), emptyEntry(4, 2)], 9)).toBe(true);
    expect([log.lastIndex, log.term(3), log.committed]).toEqual([4, 2, 4]);
    expect(() => log.maybeAppend({ index: 2, term: 1 }, [emptyEntry(3, 3)], 0)).toThrow(
      "a committed entry is never replaced",
    );
  });
});
