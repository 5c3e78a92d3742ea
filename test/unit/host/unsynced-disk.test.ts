import { join } from "node:path";
import { expect, test } from "vitest";
import { nodeDisk } from "../../../server/host/node-disk.ts";
import { unsyncedDisk } from "../../../server/host/unsynced-disk.ts";
import type { Disk } from "../../../server/ports/disk.ts";
import { tempFolder } from "../../support/temp-folder.ts";

test("a disk without syncs keeps what is written, and asks the system for none", async () => {
  let syncs = 0;
  const counting: Disk = {
    ...nodeDisk,
    open: async (path, mode) => {
      const file = await nodeDisk.open(path, mode);
      file.datasync = async () => void syncs++;
      return file;
    },
    syncFolder: async () => void syncs++,
  };
  const disk = unsyncedDisk(counting);
  const folder = tempFolder();
  const file = await disk.open(join(folder, "file"), "create");
  await file.allocate(100);
  await file.allocate(50);
  await file.write([Uint8Array.of(1, 2, 3)], 97);
  await file.datasync();
  await disk.syncFolder(folder);
  expect(await file.size()).toBe(100);
  expect([...(await file.read(96, 10))]).toEqual([0, 1, 2, 3]);
  await file.close();
  expect(await disk.list(folder)).toEqual(["file"]);
  expect(syncs).toBe(0);
});
