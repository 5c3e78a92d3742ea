import * as fc from "fast-check";
import { expect, test } from "vitest";
import { compareBytes } from "../../../server/base/bytes.ts";
import { compareRevisions, decodeRevision, encodeRevision, rowKey } from "../../../server/mvcc/revision.ts";

const revision = fc.record({ main: fc.maxSafeNat(), sub: fc.maxSafeNat(), isTombstone: fc.boolean() });

test("revisions survive their row key, which sorts as they do", () => {
  fc.assert(
    fc.property(revision, revision, (a, b) => {
      const [rowA, rowB] = [a, b].map((r) => encodeRevision(r.main, r.sub, r.isTombstone));
      expect(decodeRevision(rowA!)).toEqual(a);
      expect(decodeRevision(rowKey(b), 1)).toEqual(b);
      const order = Math.sign(compareRevisions(a, b));
      if (order !== 0) expect(Math.sign(compareBytes(rowA!, rowB!))).toBe(order);
    }),
  );
});

test("the row keys are etcd's", () => {
  expect(Buffer.from(encodeRevision(5, 0, false)).toString("hex")).toBe("00000000000000055f0000000000000000");
  expect(Buffer.from(encodeRevision(8, 1, true)).toString("hex")).toBe("00000000000000085f000000000000000174");
});

test("other bytes are no revision", () => {
  expect(decodeRevision(new Uint8Array(17))).toBeUndefined();
  expect(decodeRevision(encodeRevision(1, 1, true).subarray(0, 16))).toBeUndefined();
});
