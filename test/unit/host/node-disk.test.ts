import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { nodeDisk } from "../../../server/host/node-disk.ts";
import { DiskError } from "../../../server/ports/disk-error.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

test("many buffers are written in one go from a position on and read back", async () => {
  const file = await nodeDisk.open(join(tempFolder(), "f"), "create");
  await file.write([bytes(1, 2), bytes(), bytes(3)], 4);
  expect(await file.read(0, 100)).toEqual(bytes(0, 0, 0, 0, 1, 2, 3));
  expect(await file.read(5, 1)).toEqual(bytes(2));
  const many = Array.from({ length: 3000 }, (_, i) => bytes(i & 255));
  await file.write(many, 0);
  expect(await file.read(0, 5000)).toEqual(Uint8Array.from(many, (one) => one[0]!));
  await file.close();
});

test("an allocated file has its size and reads as zero, what was there stays", async () => {
  const file = await nodeDisk.open(join(tempFolder(), "f"), "create");
  await file.write([bytes(7)], 0);
  await file.allocate(3_000_000);
  expect(await file.size()).toBe(3_000_000);
  expect(await file.read(0, 3)).toEqual(bytes(7, 0, 0));
  await file.truncate(1);
  expect(await file.size()).toBe(1);
  await file.datasync();
  await file.close();
});

test("the open modes want what they say", async () => {
  const path = join(tempFolder(), "f");
  await expect(nodeDisk.open(path, "read")).rejects.toMatchObject({ name: "DiskError", code: "ENOENT", path });
  await expect(nodeDisk.open(path, "existing")).rejects.toThrow(DiskError);
  await (await nodeDisk.open(path, "write")).close();
  await (await nodeDisk.open(path, "write")).close();
  await expect(nodeDisk.open(path, "create")).rejects.toMatchObject({ code: "EEXIST", operation: "open" });
});

test("names are listed in order, renamed, removed with all that is in them", async () => {
  const folder = tempFolder();
  await nodeDisk.makeFolder(join(folder, "a/b"));
  await (await nodeDisk.open(join(folder, "a/B"), "create")).close();
  await nodeDisk.syncFolder(join(folder, "a"));
  expect(await nodeDisk.list(join(folder, "a"))).toEqual(["B", "b"]);
  await nodeDisk.rename(join(folder, "a"), join(folder, "c"));
  expect(await nodeDisk.exists(join(folder, "a"))).toBe(false);
  expect(await nodeDisk.exists(join(folder, "c/B"))).toBe(true);
  await nodeDisk.remove(join(folder, "c"));
  await nodeDisk.remove(join(folder, "c"));
  await expect(nodeDisk.list(join(folder, "c"))).rejects.toThrow(/^list .*\/c: ENOENT/);
});

test("a lock is refused to a second process and to a second caller until it is released", async () => {
  const path = join(tempFolder(), "lock");
  const lock = await nodeDisk.lock(path);
  expect(lockInAnotherProcess(path)).toMatch(/^DiskError lock .*held by another process/);
  await expect(nodeDisk.lock(path)).rejects.toThrow("held by another process");
  await lock.release();
  expect(lockInAnotherProcess(path)).toBe("locked");
});

test("a lock of a killed process is free", async () => {
  const path = join(tempFolder(), "lock");
  expect(lockInAnotherProcess(path, "process.kill(process.pid, 'SIGKILL')")).toBe("locked");
  await (await nodeDisk.lock(path)).release();
});

function lockInAnotherProcess(path: string, then = ""): string {
  const module = join(import.meta.dirname, "../../../server/host/node-disk.ts");
  const script = `
    import { writeSync } from "node:fs";
    import { nodeDisk } from ${JSON.stringify(module)};
    nodeDisk.lock(${JSON.stringify(path)}).then(
      () => { writeSync(1, "locked"); ${then}; },
      (error) => writeSync(1, error.name + " " + error.message));`;
  const run = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  expect(run.stderr).toBe("");
  return run.stdout;
}
