import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { KeyIndex } from "../../../server/mvcc/key-index.ts";
import type { KeyRange } from "../../../server/mvcc/key-range.ts";
import type { KeyVersion } from "../../../server/mvcc/key-version.ts";
import { TreeIndex } from "../../../server/mvcc/tree-index.ts";

const ALL: KeyRange = { from: "", to: undefined, isSingle: false };

/** The index as it is meant: a map of lists, sorted when it is asked for an order. */
class NaiveIndex {
  readonly #histories = new Map<string, KeyVersion[]>();

  keys({ from, to }: KeyRange): string[] {
    return [...this.#histories.keys()].filter((key) => key >= from && (to === undefined || key < to)).toSorted();
  }

  history(key: string): readonly KeyVersion[] {
    return this.#histories.get(key) ?? [];
  }

  add(key: string, version: KeyVersion): void {
    this.#histories.set(key, [...this.history(key), version]);
  }

  get aliveCount(): number {
    return [...this.#histories.values()].filter((versions) => versions.at(-1)?.isTombstone === false).length;
  }

  /** What goes from one key. */
  compact(key: string, revision: number): KeyVersion[] {
    const versions = this.history(key);
    const shown = versions.findLastIndex(({ main }) => main <= revision);
    const version = versions[shown];
    const isGone = version?.isTombstone === true && version.main < revision;
    const kept = versions.slice(Math.max(0, isGone ? shown + 1 : shown));
    if (kept.length > 0) this.#histories.set(key, kept);
    else this.#histories.delete(key);
    return versions.slice(0, versions.length - kept.length);
  }
}

/** Both, with the same changes, and a revision that goes on. */
class Pair {
  readonly index = new TreeIndex();
  readonly naive = new NaiveIndex();
  revision = 1;

  /** The revision grows by leaps, beyond 32 bits too. */
  write(key: string, isTombstone: boolean, leap = 1): void {
    this.revision += leap;
    const before = this.naive.history(key).at(-1);
    const known = this.index.get(key);
    expect(known?.newest()).toEqual(before);
    const isNew = before === undefined || before.isTombstone;
    const version: KeyVersion = {
      main: this.revision,
      sub: this.revision % 5,
      isTombstone,
      createRevision: isTombstone ? 0 : isNew ? this.revision : before.createRevision,
      version: isTombstone ? 0 : isNew ? 1 : before.version + 1,
      rowBytes: this.revision % 1000,
    };
    this.index.add(key, known, version);
    this.naive.add(key, version);
  }

  /** In slices of so many keys. */
  compact(revision: number, limit: number): void {
    const dropped: KeyVersion[] = [];
    const keys = this.naive.keys(ALL);
    let from: string | undefined = "";
    while (from !== undefined) {
      const slice: KeyVersion[] = [];
      const next: string | undefined = this.index.compact(from, revision, limit, slice);
      const visited = keys.filter((key) => key >= (from as string) && (next === undefined || key < next));
      expect(visited.length).toBeLessThanOrEqual(limit);
      dropped.push(...slice);
      from = next;
    }
    expect(dropped).toEqual(keys.flatMap((key) => this.naive.compact(key, revision)));
  }

  /** All histories, read at some revisions, by scans of at most `limit` keys each. */
  check(range: KeyRange, limit: number): void {
    expect(this.index.aliveCount).toBe(this.naive.aliveCount);
    const keys: string[] = [];
    let rest: KeyRange | undefined = range;
    while (rest) {
      let visits = 0;
      rest = this.index.scan(rest, limit, (history) => {
        visits++;
        keys.push(history.key);
        this.checkHistory(history, history.key);
      });
      expect(rest === undefined ? visits <= limit : visits === limit).toBe(true);
    }
    const expected = this.naive.keys(range);
    expect(keys).toEqual(expected);
    for (const key of expected) this.checkHistory(this.index.get(key), key);
  }

  checkHistory(history: KeyIndex | undefined, key: string): void {
    const versions = this.naive.history(key);
    expect(history?.newest()).toEqual(versions.at(-1));
    expect(history?.isAlive).toBe(versions.at(-1)?.isTombstone === false);
    expect([history?.version, history?.createRevision]).toEqual([
      versions.at(-1)?.version,
      versions.at(-1)?.createRevision,
    ]);
    for (const revision of [0, ...versions.flatMap(({ main }) => [main - 1, main]), this.revision]) {
      const shown = versions.findLast(({ main }) => main <= revision);
      expect(history?.at(revision)).toEqual(shown);
      expect(history?.isAliveAt(revision)).toBe(shown?.isTombstone === false);
    }
  }
}

const byte = fc.constantFrom("\0", "\x01", "a", "b", "/", "\xfe", "\xff");
const key = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.integer({ min: 0, max: 500 }).map((n) => `/registry/pods/default/name-${String(n).padStart(5, "0")}`),
  },
  { weight: 3, arbitrary: fc.array(byte, { maxLength: 4 }).map((parts) => parts.join("")) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 90 }).map((n) => `/registry/pods/${"x".repeat(n)}`) },
  { weight: 1, arbitrary: fc.tuple(byte, byte).map(([a, b]) => `${a}${"long".repeat(2560)}${b}`) },
);

type Step =
  | { readonly kind: "write"; readonly key: string; readonly isTombstone: boolean; readonly leap: number }
  | { readonly kind: "fill"; readonly start: number; readonly count: number; readonly stride: number }
  | { readonly kind: "clear"; readonly range: readonly [string, string] }
  | { readonly kind: "compact"; readonly share: number; readonly limit: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant("write" as const),
      key,
      isTombstone: fc.boolean(),
      leap: fc.oneof({ weight: 9, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.constant(2 ** 31 - 3) }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("fill" as const),
      start: fc.integer({ min: 0, max: 500 }),
      count: fc.integer({ min: 1, max: 150 }),
      stride: fc.constantFrom(1, -1, 7, 211),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("clear" as const), range: fc.tuple(key, key) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("compact" as const),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      limit: fc.integer({ min: 1, max: 200 }),
    }),
  },
);

function take(pair: Pair, one: Step): void {
  switch (one.kind) {
    case "write":
      return pair.write(one.key, one.isTombstone, one.leap);
    case "fill":
      for (let i = 0; i < one.count; i++) {
        const n = (((one.start + i * one.stride) % 1000) + 1000) % 1000;
        pair.write(`/registry/pods/default/name-${String(n).padStart(5, "0")}`, false);
      }
      return undefined;
    case "clear": {
      const [from, to] = one.range;
      for (const name of pair.naive.keys({ from, to, isSingle: false })) pair.write(name, true);
      return undefined;
    }
    case "compact":
    default:
      return pair.compact(Math.round(pair.revision * one.share), one.limit);
  }
}

test("the index reads, counts, scans and compacts like a sorted map of lists", () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60 }),
      fc.tuple(key, fc.option(key, { nil: undefined })),
      fc.integer({ min: 1, max: 150 }),
      (steps, [from, to], limit) => {
        const pair = new Pair();
        for (const one of steps) take(pair, one);
        pair.check(ALL, limit);
        pair.check({ from, to, isSingle: false }, limit);
        pair.compact(pair.revision, limit);
        pair.check(ALL, limit);
      },
    ),
    { numRuns: 150 },
  );
});

test("a key that came between a failed lookup and its own insertion does not mislead it", () => {
  const pair = new Pair();
  for (let n = 0; n < 10; n += 2) pair.write(`key ${n}`, false);
  expect(pair.index.get("key 5")).toBeUndefined();
  for (const [n, name] of ["key 3", "key 5"].entries()) {
    const main = 50 + n;
    const version = { main, sub: 0, isTombstone: false, createRevision: main, version: 1, rowBytes: 1 };
    pair.index.add(name, undefined, version);
    pair.naive.add(name, version);
  }
  pair.check(ALL, 100);
});

test("thousands of keys come, are deleted and go, and the index can be filled again", () => {
  const pair = new Pair();
  const names = Array.from({ length: 10_000 }, (_, i) => `/registry/${String((i * 7919) % 10_000).padStart(6, "0")}`);
  for (const round of [1, 2]) {
    for (const name of names) pair.write(name, false);
    pair.check(ALL, 1000);
    for (const name of names.slice(0, 9000)) pair.write(name, true);
    pair.compact(pair.revision + 1, 333);
    expect(pair.index.aliveCount).toBe(1000);
    pair.check(ALL, 77);
    for (const name of names.slice(9000)) pair.write(name, true);
    pair.compact(pair.revision + 1, 5000);
    pair.check(ALL, round);
    expect(pair.naive.keys(ALL)).toEqual([]);
  }
});

test("blocks that go from the middle leave those on both sides linked", () => {
  const pair = new Pair();
  for (let i = 0; i < 5000; i++) pair.write(registryName((i * 7919) % 5000), false);
  for (let from = 4500; from > 0; from -= 1000) {
    for (let n = from; n < from + 300; n++) pair.write(registryName(n), true);
    pair.compact(pair.revision + 1, 200);
    pair.check(ALL, 1000);
  }
});

test("a key with a long past finds each of its versions, also after a part of it has been compacted", () => {
  const pair = new Pair();
  for (let n = 0; n < 3000; n++) pair.write(n % 3 === 0 ? "hot" : `warm ${n % 7}`, n % 11 === 0);
  pair.check(ALL, 100);
  pair.compact(1500, 100);
  for (let n = 0; n < 500; n++) pair.write("hot", false);
  pair.check(ALL, 100);
});

function registryName(n: number): string {
  return `/registry/${String(n).padStart(6, "0")}`;
}
