import { expect, test } from "vitest";
import { TokenBucket } from "../../../../operator/kube/token-bucket.ts";

const limits = { burst: 3, perSecond: 2 };

test("so many go at once, the others one after the other", () => {
  const bucket = new TokenBucket(limits, 0);
  expect([1, 2, 3, 4, 5].map(() => bucket.reserve(0))).toEqual([0, 0, 0, 500, 1000]);
  expect(bucket.reserve(1000)).toBe(500);
});

test("it fills again, and never over its rim", () => {
  const bucket = new TokenBucket(limits, 0);
  for (let at = 0; at < 3; at++) expect(bucket.tryTake(0)).toBe(true);
  expect(bucket.tryTake(499)).toBe(false);
  expect(bucket.tryTake(500)).toBe(true);
  expect([1, 2, 3, 4].map(() => bucket.tryTake(1_000_000))).toEqual([true, true, true, false]);
});

test("a clock that goes back gives nothing", () => {
  const bucket = new TokenBucket({ burst: 1, perSecond: 1 }, 1000);
  expect(bucket.tryTake(1000)).toBe(true);
  expect(bucket.tryTake(0)).toBe(false);
});
