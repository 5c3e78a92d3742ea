import { expect, test } from "vitest";
import { parseSkipList, skipRegex } from "../../../tools/skip-list.ts";

test("a list of tests that are left out has a pattern and a reason on every line", () => {
  const list = parseSkipList("# of the machine\n^TestA$ needs a failpoint\n\nTestB/^two$   reads bbolt\n");
  expect(list).toEqual([
    { pattern: "^TestA$", reason: "needs a failpoint" },
    { pattern: "TestB/^two$", reason: "reads bbolt" },
  ]);
  expect(skipRegex(list)).toBe("^TestA$|TestB/^two$");
});

test("a line without a reason is refused", () => {
  expect(() => parseSkipList("^TestA$\n")).toThrow('"^TestA$" has no reason');
});

test("an empty list leaves nothing out", () => {
  expect(skipRegex(parseSkipList("# nothing\n"))).toBeUndefined();
});
