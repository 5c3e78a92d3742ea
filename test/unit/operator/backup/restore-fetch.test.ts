import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { manifestKey } from "../../../../operator/backup/backup-layout.ts";
import type { JobErrorCode } from "../../../../operator/backup/job-error.ts";
import { jobErrorOf } from "../../../../operator/backup/job-error.ts";
import type { JobWorld } from "../../../../operator/backup/job-world.ts";
import { StoreError } from "../../../../operator/backup/object-store.ts";
import { restoreFetch } from "../../../../operator/backup/restore-fetch.ts";
import { VolumeStore } from "../../../../operator/backup/volume-store.ts";
import { nodeDisk } from "../../../../server/host/node-disk.ts";
import { dataFolder } from "../../../../server/node/data-folder.ts";
import { judgeVolume } from "../../../../server/node/volume.ts";
import { readVolume } from "../../../../server/node/volume-files.ts";
import type { Disk, DiskFile } from "../../../../server/ports/disk.ts";
import { goldenFile } from "../../../support/golden.ts";
import { testWorld } from "../../../support/job-world.ts";
import { tempFolder } from "../../../support/temp-folder.ts";

const golden = Buffer.from(goldenFile("snapshots/keys100.db"));
const key = "ns/x/uid/nightly/snapshot.db";
const member = { name: "y-0", peerUrl: "http://y-0.y-peers.ns.svc:2380" };
const pod = { clusterUid: "new-uid", podName: "y-0", podUid: "p" };

function fixture(content: Buffer | undefined = golden) {
  const [root, data] = [tempFolder(), tempFolder()];
  let opened = 0;
  const put = (name: string, bytes: Buffer | string): void => {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), bytes);
  };
  if (content) put(key, content);
  const restore = (world: JobWorld = testWorld(), more: { sha256?: string; key?: string; clusterUid?: string } = {}) =>
    restoreFetch({
      open: () => {
        opened++;
        return new VolumeStore(nodeDisk, root);
      },
      key,
      dataFolder: data,
      clusterUid: pod.clusterUid,
      member,
      world,
      ...more,
    });
  return { root, data, put, restore, opened: () => opened };
}

const expectedMarker = {
  clusterUid: "new-uid",
  key,
  memberName: "y-0",
  sizeBytes: golden.length,
  revision: 14,
  compactRevision: -1,
  hashKV: 1_487_948_429,
};

test("a volume that is filled waits for a Restore permit, as the member that finds it says", async () => {
  const { root, data, restore } = fixture();
  expect(await restore()).toMatchObject({ kind: "Restored", marker: expectedMarker });
  const contents = await readVolume(nodeDisk, dataFolder(data, undefined));
  expect(contents.restored).toMatchObject({ kind: "present", content: { clusterUid: "new-uid" } });
  expect(judgeVolume(pod, contents)).toEqual({
    kind: "wait",
    volume: "Empty",
    message: `the volume was restored from ${key} in volume at ${root}: it waits for a Restore permit`,
  });
  expect(readdirSync(data).toSorted()).toEqual(["member", "restored.json"]);
});

test("what was restored is not restored again, whatever has become of the store", async () => {
  const { restore, opened } = fixture();
  const first = await restore();
  expect(await restore()).toEqual(first);
  expect(opened()).toBe(1);
});

test("a volume that a member has is left alone, without a look at the store", async () => {
  const { data, restore, opened } = fixture();
  writeFileSync(join(data, "owner.json"), "{}");
  expect(await restore()).toEqual({ kind: "Owned" });
  expect(opened()).toBe(0);
  expect(readdirSync(data)).toEqual(["owner.json"]);
});

test("a file system's own folder in a fresh volume is no obstacle, nor is a folder that is not there yet", async () => {
  const { data, restore } = fixture();
  mkdirSync(join(data, "lost+found"));
  expect(await restore()).toMatchObject({ kind: "Restored" });
  const other = fixture();
  await nodeDisk.remove(other.data);
  expect(await other.restore()).toMatchObject({ kind: "Restored" });
});

interface Refusal {
  readonly what: string;
  readonly content?: Buffer | undefined;
  readonly manifest?: string;
  readonly more?: { readonly sha256?: string; readonly key?: string };
  readonly world?: Partial<JobWorld>;
  readonly code: JobErrorCode;
  readonly sentence: RegExp;
}

const flipped = Buffer.from(golden);
flipped[30_000]! ^= 1;
const name = "ns/x/uid/nightly/snapshot.db in volume at .*";

const refusals: readonly Refusal[] = [
  {
    what: "with one byte flipped",
    content: flipped,
    code: "Damaged",
    sentence: new RegExp(`^${name} is damaged: its hash does not match its content; take another backup$`),
  },
  {
    what: "cut short",
    content: golden.subarray(0, 30_000),
    code: "Damaged",
    sentence: /is damaged: it has 30000 bytes and no hash at its end; if it is whole, .*; take another backup$/,
  },
  {
    what: "cut short by whole pages, with bytes that look like a hash",
    content: Buffer.concat([golden.subarray(0, 8192), golden.subarray(-32)]),
    code: "Damaged",
    sentence: /is damaged: its hash does not match its content/,
  },
  {
    what: "without its hash",
    content: golden.subarray(0, -32),
    code: "Damaged",
    sentence: /no hash at its end/,
  },
  {
    what: "that is not there",
    more: { key: "ns/x/uid/other/snapshot.db" },
    code: "BackupNotFound",
    sentence: /^there is no ns\/x\/uid\/other\/snapshot.db in volume at .*; correct the key, or take another backup$/,
  },
  {
    what: "that is a text",
    content: Buffer.from("not a database at all\n".repeat(4000)),
    code: "Foreign",
    sentence: new RegExp(`^${name} is no snapshot of etcd or Kvorum; correct the key$`),
  },
  { what: "that is empty", content: Buffer.alloc(0), code: "Foreign", sentence: /is no snapshot of etcd or Kvorum/ },
  {
    what: "with another checksum than wanted",
    more: { sha256: "0".repeat(64) },
    code: "Damaged",
    sentence: /is damaged: its SHA-256 is [0-9a-f]{64}, and should be 0{64}; take another backup$/,
  },
  {
    what: "beside something that is no manifest",
    manifest: "hello",
    code: "Foreign",
    sentence: /manifest.json in volume at .* is no manifest of a backup: it is no JSON object$/,
  },
  {
    what: "of a later release",
    manifest: '{"formatVersion":2}',
    code: "Foreign",
    sentence: /it has formatVersion 2, written by a newer release; restore it with that$/,
  },
  {
    what: "for which the volume is too small",
    world: { freeBytes: () => Promise.resolve(1_000_000) },
    code: "NoSpace",
    sentence: /^no room to restore: 1000000 bytes are free in .*; make spec.storage.size of the new cluster larger$/,
  },
];

test.each(refusals)("a snapshot $what is refused with a sentence, and the volume stays as it was", async (refusal) => {
  const { data, put, restore } = fixture(refusal.content);
  mkdirSync(join(data, "lost+found"));
  if (refusal.manifest !== undefined) put(manifestKey(key), refusal.manifest);
  const error = await restore(testWorld(refusal.world), refusal.more).then(
    () => undefined,
    (reason: unknown) => jobErrorOf(reason),
  );
  expect(error?.code).toBe(refusal.code);
  expect(error?.message).toMatch(refusal.sentence);
  expect(readdirSync(data)).toEqual(["lost+found"]);
});

function down(): Promise<never> {
  return Promise.reject(new StoreError("Unavailable", "bucket b: nobody listens"));
}

test("a store that is down leaves the volume as it was", async () => {
  const { data } = fixture();
  const store = Object.assign(new VolumeStore(nodeDisk, data), { head: down, read: down });
  const restoring = restoreFetch({
    open: () => store,
    key,
    dataFolder: data,
    clusterUid: "new-uid",
    member,
    world: testWorld(),
  });
  await expect(restoring).rejects.toThrow("nobody listens");
  expect(readdirSync(data)).toEqual([]);
});

test.each([
  ["data that nobody knows", "member", /holds member, which no restore has made; nothing was touched/],
  ["something else", "photos", /holds photos, which no restore has made; nothing was touched/],
])("a volume with %s is refused", async (_what, folder, sentence) => {
  const { data, restore } = fixture();
  mkdirSync(join(data, folder));
  await expect(restore()).rejects.toMatchObject({
    code: "VolumeOccupied",
    message: expect.stringMatching(sentence) as string,
  });
  expect(readdirSync(data)).toEqual([folder]);
});

test("a volume that was restored for another cluster, or from another snapshot, is refused", async () => {
  const { data, put, restore } = fixture();
  await restore();
  const before = readdirSync(data, { recursive: true });
  put("other.db", golden);
  for (const more of [{ clusterUid: "third-uid" }, { key: "other.db" }]) {
    await expect(restore(testWorld(), more)).rejects.toMatchObject({
      code: "VolumeOccupied",
      message: expect.stringContaining("was restored from ns/x/uid/nightly/snapshot.db in volume at") as string,
    });
  }
  expect(readdirSync(data, { recursive: true })).toEqual(before);
  writeFileSync(join(data, "restored.json"), "{");
  await expect(restore()).rejects.toMatchObject({ code: "VolumeOccupied" });
});

test("restored data that are gone before a member took them over are made again", async () => {
  const { data, restore } = fixture();
  await restore();
  await nodeDisk.remove(join(data, "member"));
  expect(await restore()).toMatchObject({ kind: "Restored", marker: expectedMarker });
  expect((await readVolume(nodeDisk, dataFolder(data, undefined))).data).toBe("whole");
});

/** The disk of a process that dies at its n-th change: that one and all later ones do not happen. */
function mortalDisk(changesMax: number) {
  let changes = 0;
  const isDead = (): boolean => changes >= changesMax;
  const alive = async <T>(change: () => Promise<T>): Promise<T> => {
    if (isDead()) throw new Error("the process is dead");
    changes++;
    return change();
  };
  const disk: Disk = {
    ...nodeDisk,
    async open(path, mode) {
      const file = mode === "read" ? await nodeDisk.open(path, mode) : await alive(() => nodeDisk.open(path, mode));
      return mortalFile(file, alive);
    },
    makeFolder: (path) => alive(() => nodeDisk.makeFolder(path)),
    rename: (from, to) => alive(() => nodeDisk.rename(from, to)),
    remove: (path) => alive(() => nodeDisk.remove(path)),
    syncFolder: (path) => alive(() => nodeDisk.syncFolder(path)),
  };
  return { disk, changes: () => changes };
}

function mortalFile(file: DiskFile, alive: <T>(change: () => Promise<T>) => Promise<T>): DiskFile {
  return {
    path: file.path,
    read: (...args) => file.read(...args),
    size: () => file.size(),
    close: () => file.close(),
    write: (...args) => alive(() => file.write(...args)),
    datasync: () => alive(() => file.datasync()),
    allocate: (size) => alive(() => file.allocate(size)),
    truncate: (size) => alive(() => file.truncate(size)),
  };
}

test("a restore that is killed at any change is done by the next run, and by no more than that", async () => {
  const whole = mortalDisk(Infinity);
  await fixture().restore(testWorld({ disk: whole.disk }));
  expect(whole.changes()).toBeGreaterThan(20);
  for (let changesMax = 0; changesMax < whole.changes(); changesMax++) {
    const { data, restore } = fixture();
    const { disk } = mortalDisk(changesMax);
    await restore(testWorld({ disk })).catch((error: unknown) => error);
    expect(await restore(), `killed after ${String(changesMax)} changes`).toMatchObject({
      kind: "Restored",
      marker: expectedMarker,
    });
    const contents = await readVolume(nodeDisk, dataFolder(data, undefined));
    expect(contents).toMatchObject({ restored: { kind: "present" }, data: "whole" });
    const strange = readdirSync(data).filter((left) => !["member", "restored.json", "restoring.json"].includes(left));
    expect(strange).toEqual([]);
  }
}, 120_000);
