import * as fc from "fast-check";
import { expect, test } from "vitest";
import { atOnce } from "../../../server/base/slices.ts";
import { sortInSlices } from "../../../server/base/sort-in-slices.ts";

test("sorts as toSorted does, equal items in their order", () => {
  const item = fc.record({ rank: fc.integer({ min: 0, max: 50 }), id: fc.integer() });
  fc.assert(
    fc.property(fc.array(item, { maxLength: 9000, size: "max" }), (items) => {
      expect(atOnce(sortInSlices(items, byRank))).toEqual(items.toSorted(byRank));
    }),
    { numRuns: 20 },
  );
});

test("pauses at least once for every ten thousand comparisons", () => {
  const items = Array.from({ length: 100_000 }, (_, n) => (n * 7919) % 100_003);
  let comparisons = 0;
  let longest = 0;
  const slices = sortInSlices(items, (a, b) => {
    comparisons++;
    return a - b;
  });
  for (let step = slices.next(); step.done !== true; step = slices.next()) {
    longest = Math.max(longest, comparisons);
    comparisons = 0;
  }
  expect(longest).toBeGreaterThan(0);
  // A run of 2048 takes about 2048 · 11 comparisons.
  expect(longest).toBeLessThan(30_000);
});

function byRank(a: { readonly rank: number }, b: { readonly rank: number }): number {
  return a.rank - b.rank;
}
