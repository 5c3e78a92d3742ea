import { expect, test } from "vitest";
import { quantityValue } from "../../../../operator/types/quantity.ts";

test.each([
  ["10Gi", 10 * 2 ** 30],
  ["512Mi", 512 * 2 ** 20],
  ["1.5Gi", 1.5 * 2 ** 30],
  ["20G", 20e9],
  ["1k", 1000],
  ["500m", 0.5],
  [".5", 0.5],
  ["1e3", 1000],
  ["1E3", 1000],
  ["1E", 1e18],
  ["+5", 5],
  ["0", 0],
  [1024, 1024],
  ["10 GB", undefined],
  ["10gi", undefined],
  ["-1", undefined],
  ["Gi", undefined],
  [".", undefined],
  ["", undefined],
  ["auto", undefined],
])("%s is %s", (text, value) => {
  expect(quantityValue(text)).toBe(value);
});
