import { afterEach, expect, test, vi } from "vitest";
import { YoungCollection } from "../../../server/host/young-collection.ts";

const MEBIBYTE = 1024 * 1024;

afterEach(() => {
  vi.unstubAllGlobals();
});

test("the young generation is collected once for every two mebibytes that have passed", () => {
  const collect = vi.fn();
  vi.stubGlobal("gc", collect);
  const garbage = new YoungCollection();
  for (let passed = 0; passed < 16; passed++) garbage.passed(MEBIBYTE / 2);
  expect(collect.mock.calls).toEqual(Array.from({ length: 4 }, () => [{ type: "minor" }]));
});

test("without the switch that gives us the collector nothing is done", () => {
  vi.stubGlobal("gc", undefined);
  expect(() => {
    new YoungCollection().passed(10 * MEBIBYTE);
  }).not.toThrow();
});
