import * as fc from "fast-check";
import { expect, test } from "vitest";
import { WireError } from "../../../server/proto/wire-error.ts";
import { bigVarintSize, varintSize, WireReader, WireWriter } from "../../../server/proto/wire.ts";

const anyNumber = fc.oneof(fc.maxSafeNat(), fc.nat(), fc.nat(300));
const anyBig = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

/** The definition of a varint: seven bits at a time, low ones first. */
function model(value: bigint): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    if (rest < 128n) return [...bytes, Number(rest)];
    bytes.push(Number(rest & 127n) | 128);
  }
}

test("numbers are written as varints of their size and read back", () => {
  fc.assert(
    fc.property(anyNumber, (value) => {
      const writer = new WireWriter(new Uint8Array(varintSize(value)));
      writer.varint(value);
      expect([...writer.buffer]).toEqual(model(BigInt(value)));
      expect(new WireReader(writer.buffer).varint()).toBe(value);
      expect(new WireReader(writer.buffer).bigVarint()).toBe(BigInt(value));
    }),
  );
});

test.each([0, 127, 128, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 35 - 1, 2 ** 49, Number.MAX_SAFE_INTEGER])(
  "the number %d is read back",
  (value) => {
    const writer = new WireWriter(new Uint8Array(varintSize(value)));
    writer.varint(value);
    expect([...writer.buffer]).toEqual(model(BigInt(value)));
    expect(new WireReader(writer.buffer).varint()).toBe(value);
  },
);

test("ids are written as varints of their size and read back", () => {
  fc.assert(
    fc.property(fc.oneof(anyBig, fc.bigInt({ min: 0n, max: 2n ** 36n })), (value) => {
      const writer = new WireWriter(new Uint8Array(bigVarintSize(value)));
      writer.bigVarint(value);
      expect([...writer.buffer]).toEqual(model(value));
      expect(new WireReader(writer.buffer).bigVarint()).toBe(value);
    }),
  );
});

test("a negative id is written as its two's complement", () => {
  const writer = new WireWriter(new Uint8Array(bigVarintSize(-1n)));
  writer.bigVarint(-1n);
  expect([...writer.buffer]).toEqual(model(2n ** 64n - 1n));
});

test.each([
  ["a varint that is cut short", [0x80]],
  ["a varint of eleven bytes", [...Array<number>(10).fill(0x80), 1]],
])("%s is refused", (_, bytes) => {
  expect(() => new WireReader(Uint8Array.from(bytes)).bigVarint()).toThrow(WireError);
});

test("a counter beyond 2^53 is refused", () => {
  const tooBig = Uint8Array.from(model(2n ** 53n));
  expect(() => new WireReader(tooBig).varint()).toThrow("exceeds 2^53");
});

test("a byte string longer than what is left is refused, also within a nested message", () => {
  expect(() => new WireReader(Uint8Array.of(3, 1, 2)).bytes()).toThrow("cut short");
  const reader = new WireReader(Uint8Array.of(2, 2, 1, 1, 1));
  reader.enter();
  expect(() => reader.bytes()).toThrow("cut short");
});

test("a counter that is no safe integer is a bug of the writer", () => {
  expect(() => new WireWriter(new Uint8Array(10)).varint(-1)).toThrow("invariant");
  expect(() => new WireWriter(new Uint8Array(10)).varint(2 ** 53)).toThrow("invariant");
});
