import * as fc from "fast-check";
import { expect, test } from "vitest";
import { compareBytes, concatBytes, equalBytes, isZero } from "../../../server/base/bytes.ts";

const few = fc.uint8Array({ maxLength: 4, max: 3 });

test("the order of byte strings is that of Buffer.compare", () => {
  fc.assert(
    fc.property(few, few, (a, b) => {
      expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(a, b));
      expect(equalBytes(a, b)).toBe(Buffer.compare(a, b) === 0);
    }),
  );
});

test("joined parts are all the parts in order", () => {
  fc.assert(
    fc.property(fc.array(few), (parts) => {
      expect(concatBytes(parts)).toEqual(new Uint8Array(Buffer.concat(parts)));
    }),
  );
});

test("a stretch is zero only if every byte of it is", () => {
  expect(isZero(Uint8Array.of(1, 0, 0, 1), 1, 3)).toBe(true);
  expect(isZero(Uint8Array.of(1, 0, 0, 1), 1, 4)).toBe(false);
});
