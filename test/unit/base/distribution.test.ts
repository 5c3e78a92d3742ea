import { describe, expect, test } from "vitest";
import { Distribution, doublingBounds } from "../../../server/base/distribution.ts";

describe("a distribution", () => {
  test("counts a value in its bucket and in all above, bounds included", () => {
    const seen = new Distribution([1, 2, 4]);
    for (const value of [0.5, 1, 1.5, 4, 4.5]) seen.observe(value);
    expect(seen.cumulative).toEqual([2, 3, 4]);
    expect(seen.count).toBe(5);
    expect(seen.sum).toBe(11.5);
  });

  test("of nothing is zero", () => {
    const { cumulative, count, sum } = new Distribution([1]);
    expect({ cumulative, count, sum }).toEqual({ cumulative: [0], count: 0, sum: 0 });
  });
});

test("bounds double", () => {
  expect(doublingBounds(0.001, 4)).toEqual([0.001, 0.002, 0.004, 0.008]);
});
