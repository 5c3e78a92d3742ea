import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Entry } from "../../../server/proto/raft-message.ts";
import { CommittedEntries } from "../../../server/wal/committed-entries.ts";
import type { WalItem } from "../../../server/wal/wal-contents.ts";

function entry(index: number, term: number): Entry {
  return { type: 0, term, index, data: Uint8Array.of(term) };
}

interface Result {
  readonly entries: readonly string[];
  readonly gaps: readonly string[];
  readonly lost: unknown;
  readonly uncommitted: number;
}

function collect(items: readonly WalItem[], after = 0): Result {
  const entries: string[] = [];
  const gaps: string[] = [];
  const committed = new CommittedEntries(
    {
      entry: ({ index, term }) => entries.push(`${index}.${term}`),
      gap: (from, to) => gaps.push(`${from}-${to}`),
    },
    after,
  );
  for (const item of items) committed.visit(item);
  const lost = committed.finish();
  return { entries, gaps, lost, uncommitted: committed.uncommitted.length };
}

const put = (index: number, term: number): WalItem => ({ kind: "entry", entry: entry(index, term) });
const commit = (index: number): WalItem => ({
  kind: "hard-state",
  hardState: { term: 9, vote: 0n, commit: index },
});
const marker = (index: number): WalItem => ({ kind: "snapshot", snapshot: { index, term: 1, confState: undefined } });

test("an entry that was replaced before it was committed is not handed on", () => {
  const items = [put(1, 1), put(2, 1), put(3, 1), commit(1), put(2, 2), commit(2)];
  expect(collect(items)).toEqual({ entries: ["1.1", "2.2"], gaps: [], lost: undefined, uncommitted: 0 });
});

test("what is not committed at the end stays behind", () => {
  expect(collect([put(1, 1), put(2, 1), commit(1)])).toMatchObject({ entries: ["1.1"], uncommitted: 1 });
});

test("a snapshot beyond the log is a gap, one within it is not", () => {
  const items = [put(1, 1), commit(1), marker(1), put(2, 1), marker(7), put(8, 3), commit(8)];
  expect(collect(items)).toEqual({ entries: ["1.1", "8.3"], gaps: ["2-7"], lost: undefined, uncommitted: 0 });
});

test("a log whose beginning was released begins with a gap", () => {
  expect(collect([commit(4), put(5, 1), commit(5)])).toMatchObject({ entries: ["5.1"], gaps: ["1-4"] });
});

test("committed entries that are not there are told", () => {
  expect(collect([put(1, 1), commit(3)]).lost).toEqual({ from: 2, to: 3 });
});

test("reading again goes on where it was", () => {
  expect(collect([put(1, 1), put(2, 1), commit(2), put(3, 1), commit(3)], 2).entries).toEqual(["3.1"]);
});

const step = fc.record({ back: fc.nat(3), count: fc.integer({ min: 1, max: 4 }), commits: fc.nat(4) });

test("it equals the log as it is in the end, whatever was overwritten on the way", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const items: WalItem[] = [];
      let log: string[] = [];
      let committed = 0;
      for (const [term, { back, count, commits }] of steps.entries()) {
        log = log.slice(0, Math.max(committed, log.length - back));
        for (let i = 0; i < count; i++) {
          log.push(`${log.length + 1}.${term}`);
          items.push(put(log.length, term));
        }
        committed = Math.min(committed + commits, log.length);
        items.push(commit(committed));
      }
      const result = collect(items);
      expect(result.entries).toEqual(log.slice(0, committed));
      expect(result.gaps).toEqual([]);
      expect(result.uncommitted).toBe(log.length - committed);
    }),
  );
});
