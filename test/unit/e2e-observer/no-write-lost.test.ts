import { describe, expect, test } from "vitest";
import { noWriteLost, type AcknowledgedWrite, type FoundKey } from "../../e2e/observer/no-write-lost.ts";

const write = (lane: number, n: number, revision: number): AcknowledgedWrite => {
  const key = `appended/${String(lane)}/${String(n)}`;
  return { lane, key, value: `value of ${key}`, revision };
};
const writes = [write(0, 0, 2), write(1, 0, 3), write(0, 1, 4)];
const asWritten = new Map<string, FoundKey>(
  writes.map(({ key, value, revision }) => [key, { value, createRevision: revision, modRevision: revision }]),
);
const changed = (key: string, change: Partial<FoundKey>): ReadonlyMap<string, FoundKey> => {
  const found = asWritten.get(key);
  return new Map([...asWritten, ...(found ? [[key, { ...found, ...change }] as const] : [])]);
};

describe("I1: no acknowledged write is lost, changed or reordered", () => {
  test("what was acknowledged is there at its revision, and what was not may be", () => {
    const more = new Map([...asWritten, ["appended/0/9", { value: "unknown", createRevision: 5, modRevision: 5 }]]);
    expect(noWriteLost(writes, more)).toEqual([]);
  });

  test("a lost write is reported", () => {
    const found = new Map([...asWritten].filter(([key]) => key !== "appended/1/0"));
    expect(noWriteLost(writes, found)).toEqual(["appended/1/0, acknowledged at revision 3, is lost"]);
  });

  test("a write that has another revision, as after a second founding, is reported", () => {
    expect(noWriteLost(writes, changed("appended/0/1", { modRevision: 3, createRevision: 3 }))).toEqual([
      "appended/0/1, acknowledged at revision 4, is found at 3, made at 3",
    ]);
  });

  test("a write that was applied twice is reported", () => {
    expect(noWriteLost(writes, changed("appended/0/1", { modRevision: 6 }))).toHaveLength(1);
  });

  test("another value is reported", () => {
    expect(noWriteLost(writes, changed("appended/0/0", { value: "other" }))).toEqual([
      "appended/0/0, acknowledged at revision 2, has another value: other",
    ]);
  });

  test("an answer at an earlier revision than the answer before in the same lane is reported", () => {
    const reordered = [write(0, 0, 5), write(0, 1, 4)];
    const found = new Map(
      reordered.map(({ key, value, revision: at }) => [key, { value, createRevision: at, modRevision: at }]),
    );
    expect(noWriteLost(reordered, found)).toEqual([
      "appended/0/1, acknowledged at revision 4, was begun after appended/0/0 was acknowledged at 5",
    ]);
  });
});
