import { describe, expect, test } from "vitest";
import { watcherNeverGoesBack } from "../../e2e/observer/watcher-never-goes-back.ts";

describe("I5: a watcher's revision never goes back", () => {
  test("revisions that grow are fine", () => {
    expect(watcherNeverGoesBack([])).toEqual([]);
    expect(watcherNeverGoesBack([2, 3, 7])).toEqual([]);
  });

  test.each([
    [[2, 5, 4, 6], "after an event of revision 5 came one of 4"],
    [[2, 3, 3], "after an event of revision 3 came one of 3"],
  ])("%j is reported", (revisions, violation) => {
    expect(watcherNeverGoesBack(revisions)).toEqual([violation]);
  });
});
