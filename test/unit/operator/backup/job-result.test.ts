import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { JobError, jobErrorOf } from "../../../../operator/backup/job-error.ts";
import { exitCodeOf, failedResult, leaveResult, parseJobResult } from "../../../../operator/backup/job-result.ts";
import { StoreError, type StoreFault } from "../../../../operator/backup/object-store.ts";
import { openStore, uriOf } from "../../../../operator/backup/open-store.ts";
import { SnapshotSourceError } from "../../../../operator/etcd/snapshot-source.ts";
import { nodeDisk } from "../../../../server/host/node-disk.ts";
import { DiskError } from "../../../../server/ports/disk-error.ts";
import { SnapshotError } from "../../../../server/snapshot/snapshot-error.ts";
import { testWorld } from "../../../support/job-world.ts";
import { tempFolder } from "../../../support/temp-folder.ts";

const store = (fault: StoreFault): Error => new StoreError(fault, "a sentence");
const disk = (code: string): Error => new DiskError("write", "/f", Object.assign(new Error("no"), { code }));

test.each([
  [store("Unavailable"), "StoreUnreachable", 1],
  [store("AccessDenied"), "StoreRefused", 2],
  [store("Invalid"), "StoreInvalid", 2],
  [store("NoSpace"), "StoreFull", 2],
  [store("NotFound"), "BackupNotFound", 2],
  [store("AlreadyExists"), "BackupExists", 2],
  [store("Unexpected"), "StoreFailed", 1],
  [new SnapshotSourceError("no healthy member"), "NoHealthyMember", 1],
  [new SnapshotError("it is cut short", "/f"), "Damaged", 2],
  [disk("ENOSPC"), "NoSpace", 2],
  [disk("EDQUOT"), "NoSpace", 2],
  [disk("EIO"), "Unexpected", 1],
  [new JobError("VolumeOccupied", "a sentence"), "VolumeOccupied", 2],
  [new TypeError("a bug"), "Unexpected", 1],
  ["no error at all", "Unexpected", 1],
] as const)("%o is a failure %s with exit code %i", (error, code, exitCode) => {
  const failure = jobErrorOf(error);
  const result = failedResult(failure);
  expect(failure.code).toBe(code);
  expect(exitCodeOf(result)).toBe(exitCode);
  expect(result.error).toMatchObject({ code, retryable: exitCode === 1 });
  expect(result.error.message).not.toBe("");
});

test("the last words fit what kubelet keeps, and the controller reads them back", async () => {
  const path = join(tempFolder(), "termination-log");
  writeFileSync(path, "x".repeat(9000));
  const result = failedResult(new JobError("StoreRefused", `denied ${"…".repeat(5000)}`));
  await leaveResult(nodeDisk, path, result);
  const text = readFileSync(path, "utf8");
  expect(Buffer.byteLength(JSON.stringify(result)) + 1).toBe(Buffer.byteLength(text));
  expect(text.length).toBeLessThan(2000);
  expect(parseJobResult(text)).toEqual(result);
  expect(parseJobResult(`line 1\nline 2\n${text}`)).toEqual(result);
});

test("outside of a pod there is no place for last words, and that is no failure", async () => {
  const path = join(tempFolder(), "not-there");
  await leaveResult(nodeDisk, path, { ok: true, command: "backup-delete", key: "k" });
  expect(await nodeDisk.exists(path)).toBe(false);
});

test.each([undefined, "", "Killed", "{", "null", "7", '{"kind":"x"}', '{"ok":"yes"}'])("%o is no result", (message) => {
  expect(parseJobResult(message)).toBeUndefined();
});

test.each(["b", "s3://", "s3:///prefix", "http://b", "file://relative", "file://", ""])(
  "the store %o is refused",
  (url) => {
    expect(() => openStore({ store: url }, {}, testWorld())).toThrow(
      expect.objectContaining({ code: "InvalidArguments" }) as JobError,
    );
  },
);

test.each([
  { AWS_ACCESS_KEY_ID: "id" },
  { AWS_SECRET_ACCESS_KEY: "s" },
  { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "" },
])("half a pair of keys is said to be so: %o", (variables) => {
  expect(() => openStore({ store: "s3://b" }, variables, testWorld())).toThrow(
    "the keys of the store are not whole: its Secret needs both accessKeyId and secretAccessKey, neither empty",
  );
});

test("a store is described as a person would find it", () => {
  const flags = { store: "s3://b/team-a/", s3Endpoint: "http://minio:9000" };
  expect(openStore(flags, {}, testWorld()).description).toBe("bucket b at http://minio:9000 below team-a/");
  expect(openStore({ store: "s3://b" }, {}, testWorld()).description).toBe("bucket b");
  expect(openStore({ store: "file:///backups/etcd" }, {}, testWorld()).description).toBe("volume at /backups/etcd");
  expect(uriOf(flags, "ns/x/snapshot.db")).toBe("s3://b/team-a/ns/x/snapshot.db");
  expect(uriOf({ store: "file:///backups" }, "k")).toBe("file:///backups/k");
});
