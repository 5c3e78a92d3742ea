import * as fc from "fast-check";
import { expect, test } from "vitest";
import { crc32c } from "../../../server/base/crc32c.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

test.each([
  ["", 0],
  ["123456789", 0xe3069283],
  ["key", 0x40a4756d],
  ["\0".repeat(32), 0x8a9136aa],
])("the checksum of %j is the published one", (input, wanted) => {
  expect(crc32c(text(input))).toBe(wanted);
});

test("any cut of the input into parts gives the same checksum as the bitwise definition", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), fc.nat(100), (bytes, a, b) => {
      const [from, to] = [Math.min(a, b, bytes.length), Math.min(Math.max(a, b), bytes.length)];
      const inParts = crc32c(bytes.subarray(to), crc32c(bytes, crc32c(bytes, 0, 0, from), from, to));
      expect(inParts).toBe(bitwise(bytes));
      expect(crc32c(bytes)).toBe(bitwise(bytes));
    }),
  );
});

function bitwise(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}
