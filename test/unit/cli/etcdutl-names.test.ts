import { expect, test } from "vitest";
import { etcdutlCommand } from "../../../server/cli/etcdutl.ts";
import { withWholeNames } from "../../../server/cli/etcdutl-names.ts";

test.each([
  [["ver"], ["version"]],
  [
    ["-w", "json", "snap", "res", "snap"],
    ["-w", "json", "snapshot", "restore", "snap"],
  ],
  [
    ["help", "snap", "st"],
    ["snapshot", "status", "--help"],
  ],
  [["help"], ["--help"]],
  // Two commands of "snapshot" begin with "s" or "r", none with "x".
  [
    ["snapshot", "x"],
    ["snapshot", "x"],
  ],
  [
    ["hash", "version"],
    ["hashkv", "version"],
  ],
])("%j is taken for %j", (given, whole) => {
  expect(withWholeNames(etcdutlCommand(), given)).toEqual(whole);
});
