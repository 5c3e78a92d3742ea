import { expect, test } from "vitest";
import { isOlder } from "../../../../operator/kube/resource-version.ts";

test.each<[version: string | undefined, than: string | undefined, older: boolean]>([
  ["9", "10", true],
  ["10", "9", false],
  ["10", "10", false],
  ["18446744073709551614", "18446744073709551615", true],
  ["abc", "10", false],
  ["9", "", false],
  [undefined, "10", false],
  ["9", undefined, false],
])("version %j is older than %j: %j", (version, than, older) => {
  expect(isOlder(version, than)).toBe(older);
});
