import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import { putAside } from "../../../server/host/log-backups.ts";
import { LogFile } from "../../../server/host/log-file.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const KEEP_ALL = { maxAgeDays: 0, maxBackups: 0, isLocalTime: false, isCompressed: false };
const NAME = /^etcd-\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}\.\d{3}\.log$/;

function open(path: string, rotation?: ConstructorParameters<typeof LogFile>[1]): LogFile {
  const file = new LogFile(path, rotation);
  onTestFinished(() => {
    file.close();
  });
  return file;
}

test("lines are appended to what was there", () => {
  const path = join(tempFolder(), "etcd.log");
  writeFileSync(path, "before\n");
  open(path).write("after\n");
  expect(readFileSync(path, "utf8")).toBe("before\nafter\n");
});

test("a file in no folder cannot be written", () => {
  expect(() => new LogFile(join(tempFolder(), "no/etcd.log"))).toThrow("ENOENT");
});

test("a file that would grow too large is put aside under its time", () => {
  const folder = tempFolder();
  const path = join(folder, "etcd.log");
  const file = open(path, { ...KEEP_ALL, maxBytes: 10 });
  file.write("12345678\n");
  file.write("next\n");
  expect(readFileSync(path, "utf8")).toBe("next\n");
  const [backup = ""] = readdirSync(folder).filter((name) => name !== "etcd.log");
  expect(backup).toMatch(NAME);
  expect(readFileSync(join(folder, backup), "utf8")).toBe("12345678\n");
});

test("a line larger than a file may be is written whole", () => {
  const folder = tempFolder();
  open(join(folder, "etcd.log"), { ...KEEP_ALL, maxBytes: 3 }).write("12345678\n");
  expect(readdirSync(folder)).toEqual(["etcd.log"]);
});

/** Puts a file aside at each of these times. */
function rotateAt(times: readonly string[], rules: Parameters<typeof putAside>[1]): string {
  const folder = tempFolder();
  writeFileSync(join(folder, "other-2026-01-01T00-00-00.000.log"), "of somebody else");
  for (const time of times) {
    writeFileSync(join(folder, "etcd.log"), `${time}\n`);
    putAside(join(folder, "etcd.log"), rules, new Date(time));
  }
  return folder;
}

const TIMES = ["2026-01-01T10:00:00.000Z", "2026-01-05T10:00:00.000Z", "2026-01-06T10:00:00.000Z"];

test.each([
  ["all", KEEP_ALL, ["01T", "05T", "06T"]],
  ["the newest two", { ...KEEP_ALL, maxBackups: 2 }, ["05T", "06T"]],
  ["those of the last two days", { ...KEEP_ALL, maxAgeDays: 2 }, ["05T", "06T"]],
])("of the files put aside %s are kept", (_, rules, days) => {
  const left = readdirSync(rotateAt(TIMES, rules)).toSorted();
  expect(left).toEqual([
    ...days.map((day) => `etcd-2026-01-${day}10-00-00.000.log`),
    "other-2026-01-01T00-00-00.000.log",
  ]);
});

test("files put aside are compressed where that is wanted, and counted as before", () => {
  const folder = rotateAt(TIMES, { ...KEEP_ALL, maxBackups: 2, isCompressed: true });
  const [older = "", newer = ""] = readdirSync(folder).toSorted();
  expect([older, newer]).toEqual(["etcd-2026-01-05T10-00-00.000.log.gz", "etcd-2026-01-06T10-00-00.000.log.gz"]);
  expect(gunzipSync(readFileSync(join(folder, newer))).toString()).toBe("2026-01-06T10:00:00.000Z\n");
});
