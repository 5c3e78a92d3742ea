import { expect, test } from "vitest";
import { must } from "../../../server/base/assert.ts";
import { migrationRefusal, parseStored, storageVersionRow } from "../../../server/base/minor-version.ts";

test.each([
  ["3.5.0", "3.6.0", undefined],
  ["3.6.0", "3.5.0", undefined],
  ["3.6.0", "3.6.0", undefined],
  ["3.7.0", "3.7.0", undefined],
  ["3.6.0", "3.7.0", 'version "3.7.0" is not supported'],
  ["3.5.0", "3.9.0", 'version "3.7.0" is not supported'],
  ["3.9.0", "3.6.0", 'version "3.9.0" is not supported'],
  ["3.6.0", "3.4.0", 'version "3.5.0" is not supported'],
  ["3.4.0", "3.6.0", 'version "3.5.0" is not supported'],
  ["4.5.0", "4.6.0", 'version "4.6.0" is not supported'],
  ["3.6.0", "4.0.0", "changing major storage version is not supported"],
])("a store of %s that is to be %s: %s", (from, to, refusal) => {
  expect(migrationRefusal(must(parseStored(from)), must(parseStored(to)))).toBe(refusal);
});

test("a store says its version since 3.6", () => {
  expect(storageVersionRow({ major: 3, minor: 5 })).toBeUndefined();
  expect(storageVersionRow({ major: 3, minor: 6 })).toBe("3.6.0");
});
