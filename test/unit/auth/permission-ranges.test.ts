import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isValidPermission, PermissionRanges, type NamedKeys } from "../../../server/auth/permission-ranges.ts";
import { bytes } from "../../support/test-machine.ts";

function keys(key: string, rangeEnd = ""): NamedKeys {
  return { key: bytes(key), rangeEnd: bytes(rangeEnd) };
}

test.each([
  { granted: [], asked: keys("a"), covers: false },
  { granted: [keys("a")], asked: keys("a"), covers: true },
  { granted: [keys("a")], asked: keys("aa"), covers: false },
  { granted: [keys("a")], asked: keys("a", "a\0"), covers: true },
  { granted: [keys("a")], asked: keys("a", "a\0\0"), covers: false },
  { granted: [keys("a"), keys("a\0")], asked: keys("a", "a\0\0"), covers: true },
  { granted: [keys("a", "c")], asked: keys("a"), covers: true },
  { granted: [keys("a", "c")], asked: keys("bzz"), covers: true },
  { granted: [keys("a", "c")], asked: keys("c"), covers: false },
  { granted: [keys("a", "c")], asked: keys("b", "d"), covers: false },
  { granted: [keys("a", "c"), keys("c", "d")], asked: keys("b", "d"), covers: true },
  { granted: [keys("c", "d"), keys("a", "c")], asked: keys("a", "d"), covers: true },
  { granted: [keys("a", "b"), keys("c", "d")], asked: keys("a", "d"), covers: false },
  { granted: [keys("a", "z"), keys("b", "c")], asked: keys("c", "y"), covers: true },
  { granted: [keys("b", "\0")], asked: keys("b", "\0"), covers: true },
  { granted: [keys("b", "\0")], asked: keys("z"), covers: true },
  { granted: [keys("b", "\0")], asked: keys("a", "\0"), covers: false },
  { granted: [keys("a", "z")], asked: keys("a", "\0"), covers: false },
  { granted: [keys("a", "c"), keys("b", "\0")], asked: keys("a", "\0"), covers: true },
  { granted: [keys("\0", "\0")], asked: keys("\0", "\0"), covers: true },
  // A range that ends before it begins is empty; etcd asks for its first key all the same.
  { granted: [keys("a", "c")], asked: keys("b", "a"), covers: true },
  { granted: [keys("c", "d")], asked: keys("b", "a"), covers: false },
  // Rows that could not be granted today.
  { granted: [keys("c", "a")], asked: keys("c"), covers: false },
])("$granted covers $asked: $covers", ({ granted, asked, covers }) => {
  expect(new PermissionRanges(granted).covers(asked)).toBe(covers);
});

test.each([
  { permission: keys("a"), isValid: true },
  { permission: keys(""), isValid: false },
  { permission: keys("", "\0"), isValid: false },
  { permission: keys("a", "b"), isValid: true },
  { permission: keys("a", "a"), isValid: false },
  { permission: keys("b", "a"), isValid: false },
  { permission: keys("b", "\0"), isValid: true },
  { permission: keys("\0", "\0"), isValid: true },
])("$permission may be granted: $isValid", ({ permission, isValid }) => {
  expect(isValidPermission(permission)).toBe(isValid);
});

const LETTERS = ["\0", "a", "b"];

/** Every key of up to three letters: between any two ends of the ranges below there is one of them. */
function allKeys(): readonly string[] {
  let longest = [""];
  const all: string[] = [];
  for (let length = 1; length <= 3; length++) {
    longest = longest.flatMap((start) => LETTERS.map((letter) => start + letter));
    all.push(...longest);
  }
  return all;
}

interface Named {
  readonly key: string;
  readonly end: string;
}

function holds({ key, end }: Named, name: string): boolean {
  if (end === "") return name === key;
  return name >= key && (end === "\0" || name < end);
}

test("a request is covered exactly if each of its keys is granted by some permission", () => {
  const key = fc.string({ unit: fc.constantFrom(...LETTERS), minLength: 1, maxLength: 2 });
  const named = fc.record({ key, end: fc.oneof(key, fc.constantFrom("", "\0")) });
  const universe = allKeys();
  fc.assert(
    fc.property(fc.array(named, { maxLength: 6 }), named, (granted, asked) => {
      const ranges = new PermissionRanges(granted.map(({ key: from, end }) => keys(from, end)));
      const isGranted = (name: string): boolean => granted.some((permission) => holds(permission, name));
      const expected =
        isGranted(asked.key) && universe.filter((name) => holds(asked, name)).every((name) => isGranted(name));
      expect(ranges.covers(keys(asked.key, asked.end))).toBe(expected);
    }),
    { numRuns: 2000 },
  );
});
