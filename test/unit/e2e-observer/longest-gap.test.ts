import { expect, test } from "vitest";
import { longestGap } from "../../e2e/observer/longest-gap.ts";

test.each([
  [[], 0],
  [[5], 0],
  [[0, 10, 2010, 2020], 2000],
])("the longest gap of %j is %i", (moments, gap) => {
  expect(longestGap(moments)).toBe(gap);
});
