import * as fc from "fast-check";
import { expect, test } from "vitest";
import { byteString, bytesOf } from "../../../server/base/byte-string.ts";
import { compareBytes } from "../../../server/base/bytes.ts";

const array = fc.uint8Array({ maxLength: 40 });

test("bytes survive the way through a byte string, also long ones", () => {
  fc.assert(
    fc.property(array, (bytes) => {
      expect(bytesOf(byteString(bytes))).toEqual(bytes);
    }),
  );
  const long = Uint8Array.from({ length: 300_001 }, (_, i) => i % 251);
  expect(bytesOf(byteString(long))).toEqual(long);
});

test("byte strings have the order of their bytes", () => {
  fc.assert(
    fc.property(array, array, (a, b) => {
      expect(byteString(a) < byteString(b)).toBe(compareBytes(a, b) < 0);
    }),
  );
});
