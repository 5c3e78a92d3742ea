import { expect, test } from "vitest";
import { WriteTimes } from "../../integration/control-plane/write-times.ts";

test("percentiles are of all writes, the gap is between acknowledgements", () => {
  const times = new WriteTimes();
  for (let n = 1; n <= 100; n++) times.acknowledged(n * 10 - n, n * 10);
  times.acknowledged(1000, 1500);
  expect([times.count, times.percentile(0.5), times.percentile(0.99), times.longestGapMs]).toEqual([101, 51, 100, 500]);
});

test("one write has no gap", () => {
  const times = new WriteTimes();
  times.acknowledged(5000, 5010);
  expect(times.longestGapMs).toBe(0);
});
