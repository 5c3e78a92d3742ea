import { expect, test } from "vitest";
import { durationMs } from "../../../../operator/types/duration.ts";

test.each([
  ["100ms", 100],
  ["1s", 1000],
  ["0.5s", 500],
  ["1m30s", 90_000],
  ["720h", 2_592_000_000],
  ["1h1m1s1ms", 3_661_001],
  ["30d", undefined],
  ["100", undefined],
  ["-1s", undefined],
  ["1 s", undefined],
  ["", undefined],
])("%s is %s ms", (text, milliseconds) => {
  expect(durationMs(text)).toBe(milliseconds);
});
