import { expect, test } from "vitest";
import { suiteOutcomes } from "../../../tools/suite-outcomes.ts";

const line = (Test: string | undefined, Action: string): string => JSON.stringify({ Test, Action });

test("cases without cases of their own count, by how they ended", () => {
  const log = [
    line("TestB", "run"),
    line("TestB/two", "run"),
    line("TestB/one", "run"),
    line("TestB/one", "output"),
    line("TestB/one", "pass"),
    line("TestB", "pass"),
    line("TestA", "run"),
    line("TestA", "skip"),
    line("TestBelow", "fail"),
    line(undefined, "fail"),
    "panic: not a line of JSON",
  ].join("\n");
  expect([...suiteOutcomes(log).leaves]).toEqual([
    ["TestA", "skip"],
    ["TestB/one", "pass"],
    ["TestB/two", "run"],
    ["TestBelow", "fail"],
  ]);
});
