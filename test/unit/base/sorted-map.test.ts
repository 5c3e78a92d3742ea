import * as fc from "fast-check";
import { expect, test } from "vitest";
import { SortedMap } from "../../../server/base/sorted-map.ts";

const key = fc.oneof(
  fc.integer({ min: 0, max: 400 }).map((n) => String(n).padStart(4, "0")),
  fc.string({ minLength: 0, maxLength: 3 }),
);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constant("set" as const), key) },
  { weight: 3, arbitrary: fc.tuple(fc.constant("delete" as const), key) },
);

function entries(map: SortedMap<number>, from: string, to: string | undefined, limit: number): [string, number][] {
  const found: [string, number][] = [];
  let next: string | undefined = from;
  while (next !== undefined) next = map.scan(next, to, limit, (name, value) => found.push([name, value]));
  return found;
}

test("a sorted map behaves as a plain map whose entries are sorted", () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 1200 }),
      key,
      fc.option(key, { nil: undefined }),
      fc.integer({ min: 1, max: 100 }),
      (steps, from, to, limit) => {
        const map = new SortedMap<number>();
        const model = new Map<string, number>();
        for (const [at, [kind, name]] of steps.entries()) {
          if (kind === "set") {
            map.set(name, at);
            model.set(name, at);
          } else expect(map.delete(name)).toBe(model.delete(name));
        }
        expect(map.size).toBe(model.size);
        const sorted = [...model].toSorted(([a], [b]) => (a < b ? -1 : 1));
        expect(entries(map, "", undefined, limit)).toEqual(sorted);
        expect(entries(map, from, to, limit)).toEqual(
          sorted.filter(([name]) => name >= from && (to === undefined || name < to)),
        );
        for (const [, name] of steps) expect(map.get(name)).toBe(model.get(name));
      },
    ),
    { numRuns: 60 },
  );
});

test("a map that is filled in order and emptied in order works again afterwards", () => {
  const map = new SortedMap<number>();
  const names = Array.from({ length: 20_000 }, (_, n) => String(n).padStart(6, "0"));
  for (const name of names) map.set(name, 1);
  for (const name of names) expect(map.delete(name)).toBe(true);
  expect(map.size).toBe(0);
  expect(map.get("000001")).toBeUndefined();
  map.set("x", 2);
  expect(entries(map, "", undefined, 10)).toEqual([["x", 2]]);
});

test("a visitor that returns false stops the scan after its key", () => {
  const map = new SortedMap<number>();
  for (const name of ["a", "b", "c"]) map.set(name, 0);
  const seen: string[] = [];
  const next = map.scan("", undefined, Infinity, (name) => seen.push(name) < 2);
  expect([seen, next]).toEqual([["a", "b"], "c"]);
});
