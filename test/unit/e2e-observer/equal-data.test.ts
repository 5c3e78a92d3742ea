import { describe, expect, test } from "vitest";
import { equalData, type MemberHash } from "../../e2e/observer/equal-data.ts";

const hash = (member: string, more: Partial<MemberHash> = {}): MemberHash => {
  return { member, revision: 9, hash: 7, compactRevision: -1, ...more };
};

describe("I6: the data are equal over all members", () => {
  test("equal hashes are fine", () => {
    expect(equalData([hash("x-0"), hash("x-1"), hash("x-2")])).toEqual([]);
  });

  test("a member with other data is reported", () => {
    expect(equalData([hash("x-0"), hash("x-1", { hash: 8 })])).toEqual([
      "the data differ: x-0 has 7 at 9 (compacted at -1), x-1 has 8 at 9 (compacted at -1)",
    ]);
  });

  test("hashes that do not mean the same are reported", () => {
    expect(equalData([hash("x-0"), hash("x-1", { revision: 10 })])).toHaveLength(1);
    expect(equalData([hash("x-0"), hash("x-1", { compactRevision: 4 })])).toHaveLength(1);
  });

  test("no hash at all is reported", () => {
    expect(equalData([])).toEqual(["no member gave a hash of its data"]);
  });
});
