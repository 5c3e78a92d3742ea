import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sourceOf, type ObjectSource, type StoredObject } from "../../../../operator/backup/object-store.ts";
import { VolumeStore } from "../../../../operator/backup/volume-store.ts";
import { nodeDisk } from "../../../../server/host/node-disk.ts";
import type { Disk } from "../../../../server/ports/disk.ts";
import { DiskError } from "../../../../server/ports/disk-error.ts";
import { tempFolder } from "../../../support/temp-folder.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function listed(store: VolumeStore, prefix: string): Promise<StoredObject[]> {
  const objects: StoredObject[] = [];
  for await (const object of store.list(prefix)) objects.push(object);
  return objects;
}

function fixture() {
  const root = tempFolder();
  return { root, store: new VolumeStore(nodeDisk, root) };
}

test("what was put is read in ranges, found, listed and deleted", async () => {
  const { root, store } = fixture();
  await store.put("ns/x/uid/nightly/snapshot.db", sourceOf(bytes("0123456789")));
  await store.put("ns/x/uid/nightly/manifest.json", sourceOf(bytes("{}")));
  await store.put("ns/y/uid/nightly/manifest.json", sourceOf(bytes("")));
  expect(readFileSync(join(root, "ns/x/uid/nightly/snapshot.db"), "utf8")).toBe("0123456789");
  expect(await store.read("ns/x/uid/nightly/snapshot.db", 3, 4)).toEqual(bytes("3456"));
  expect(await store.head("ns/x/uid/nightly/snapshot.db")).toEqual({ key: "ns/x/uid/nightly/snapshot.db", size: 10 });
  expect(await store.head("ns/x/uid/nightly/other")).toBeUndefined();
  expect((await listed(store, "ns/x/")).map(({ key }) => key)).toEqual([
    "ns/x/uid/nightly/manifest.json",
    "ns/x/uid/nightly/snapshot.db",
  ]);
  expect(await listed(store, "ns/x/uid/nightly/snap")).toEqual([{ key: "ns/x/uid/nightly/snapshot.db", size: 10 }]);
  expect(await listed(store, "nowhere/at/all")).toEqual([]);
  expect(await listed(store, "")).toHaveLength(3);
  await store.delete("ns/x/uid/nightly/snapshot.db");
  await store.delete("ns/x/uid/nightly/snapshot.db");
  expect(await store.head("ns/x/uid/nightly/snapshot.db")).toBeUndefined();
});

test("an object larger than the buffer is copied whole", async () => {
  const { store } = fixture();
  const content = new Uint8Array(9 * 1024 * 1024 + 17).map((_, at) => at % 253);
  await store.put("big", sourceOf(content));
  expect(Buffer.from(await store.read("big", 0, content.length)).equals(content)).toBe(true);
});

test("nothing is overwritten", async () => {
  const { store } = fixture();
  await store.put("a/b", sourceOf(bytes("first")));
  await expect(store.put("a/b", sourceOf(bytes("second")))).rejects.toMatchObject({ fault: "AlreadyExists" });
  expect(await store.read("a/b", 0, 5)).toEqual(bytes("first"));
});

test("an object whose source fails does not appear, and leaves nothing behind", async () => {
  const { root, store } = fixture();
  const failing: ObjectSource = {
    size: 9 * 1024 * 1024,
    read: (position, length) =>
      position === 0 ? Promise.resolve(new Uint8Array(length)) : Promise.reject(new Error("the source is gone")),
  };
  await expect(store.put("a/b", failing)).rejects.toThrow("the source is gone");
  expect(readdirSync(join(root, "a"))).toEqual([]);
});

test("what a killed pod left half written is neither listed nor in the way", async () => {
  const { root, store } = fixture();
  mkdirSync(join(root, "a"));
  mkdirSync(join(root, "lost+found"), { mode: 0 });
  writeFileSync(join(root, "a/b.part"), "half");
  expect(await listed(store, "")).toEqual([]);
  await store.put("a/b", sourceOf(bytes("whole")));
  expect(await listed(store, "")).toEqual([{ key: "a/b", size: 5 }]);
  expect(readdirSync(join(root, "a"))).toEqual(["b"]);
  chmodSync(join(root, "lost+found"), 0o700);
});

test("the data are synced before they have their name, and the name after", async () => {
  const { root } = fixture();
  const calls: string[] = [];
  const disk: Disk = {
    ...nodeDisk,
    async open(path, mode) {
      const file = await nodeDisk.open(path, mode);
      const datasync = async (): Promise<void> => {
        calls.push("datasync");
        await file.datasync();
      };
      return {
        path: file.path,
        write: (...args) => file.write(...args),
        read: (...args) => file.read(...args),
        size: () => file.size(),
        allocate: (size) => file.allocate(size),
        truncate: (size) => file.truncate(size),
        close: () => file.close(),
        datasync,
      };
    },
    async rename(from, to) {
      calls.push("rename");
      await nodeDisk.rename(from, to);
    },
    async syncFolder(path) {
      calls.push(`sync ${path.slice(root.length)}`);
      await nodeDisk.syncFolder(path);
    },
  };
  await new VolumeStore(disk, root).put("a/b", sourceOf(bytes("x")));
  expect(calls).toEqual(["sync ", "datasync", "rename", "sync /a"]);
});

test.each(["../outside", "a/../../outside", "/etc/passwd", "a//b", "", ".", "a/./b"])(
  "the key %o is refused: it is no path within the volume",
  async (key) => {
    const { store } = fixture();
    const refusal = { fault: "Invalid", message: expect.stringContaining("is no path within the volume") as string };
    await expect(store.put(key, sourceOf(bytes("x")))).rejects.toMatchObject(refusal);
    await expect(store.read(key, 0, 1)).rejects.toMatchObject(refusal);
    await expect(store.delete(key)).rejects.toMatchObject(refusal);
  },
);

test("a volume that is not mounted is said to be so, and nothing is written where it would be", async () => {
  const root = join(tempFolder(), "not-there");
  const store = new VolumeStore(nodeDisk, root);
  const refusal = { fault: "Invalid", message: expect.stringContaining("mount the claim") as string };
  await expect(store.put("a", sourceOf(bytes("x")))).rejects.toMatchObject(refusal);
  await expect(store.head("a")).rejects.toMatchObject(refusal);
  await expect(listed(store, "")).rejects.toMatchObject(refusal);
  expect(await nodeDisk.exists(root)).toBe(false);
});

test.each([
  ["ENOSPC", "NoSpace", "make room on the volume"],
  ["EDQUOT", "NoSpace", "make room on the volume"],
  ["EACCES", "AccessDenied", "let the pod's group write to the volume"],
  ["EROFS", "AccessDenied", "mount the volume so that it can be written"],
  ["EIO", "Unavailable", "it is tried again"],
])("the system's %s is %s", async (code, fault, advice) => {
  const root = tempFolder();
  const disk: Disk = {
    ...nodeDisk,
    makeFolder: (path) => Promise.reject(new DiskError("make folder", path, Object.assign(new Error(code), { code }))),
  };
  await expect(new VolumeStore(disk, root).put("a/b", sourceOf(bytes("x")))).rejects.toMatchObject({
    fault,
    message: expect.stringMatching(
      new RegExp(`^volume at .*: writing a/b failed \\(.*${code}\\); ${advice}$`),
    ) as string,
  });
});
