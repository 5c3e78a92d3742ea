import * as fc from "fast-check";
import { expect, test } from "vitest";
import { hexId, idOfHex } from "../../../../operator/types/hex-id.ts";

test("an id is lower-case hex, as etcdctl prints it", () => {
  expect(hexId(0x8e9e05c52164694dn)).toBe("8e9e05c52164694d");
  expect(hexId(0xcdf818194e3a8c32n)).toBe("cdf818194e3a8c32");
  expect(hexId(0x0an)).toBe("a");
});

test("every id of 64 bits comes back from its text", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (id) => {
      expect(idOfHex(hexId(id))).toBe(id);
    }),
  );
});

test("an id that came as a signed number is the same id", () => {
  expect(hexId(-1n)).toBe("ffffffffffffffff");
});

test.each(["", "0x1", "8E9E", "g", "12345678901234567", " 1"])("%j is no id", (text) => {
  expect(idOfHex(text)).toBeUndefined();
});
