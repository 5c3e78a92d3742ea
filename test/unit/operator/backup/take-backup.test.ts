import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { manifestKey, snapshotKey } from "../../../../operator/backup/backup-layout.ts";
import { deleteBackup } from "../../../../operator/backup/delete-backup.ts";
import { parseManifest } from "../../../../operator/backup/manifest.ts";
import type { ObjectStore } from "../../../../operator/backup/object-store.ts";
import { takeBackup } from "../../../../operator/backup/take-backup.ts";
import { verifyBackup } from "../../../../operator/backup/verify-backup.ts";
import { VolumeStore } from "../../../../operator/backup/volume-store.ts";
import { nodeDisk } from "../../../../server/host/node-disk.ts";
import { Code, RpcError } from "../../../../server/rpc/status.ts";
import { fakeEtcd } from "../../../support/fake-etcd.ts";
import { goldenFile } from "../../../support/golden.ts";
import { testWorld } from "../../../support/job-world.ts";
import { tempFolder } from "../../../support/temp-folder.ts";

const golden = Buffer.from(goldenFile("snapshots/keys100.db"));
const place = { namespace: "ns", cluster: "x", clusterUid: "uid", backup: "nightly" };
const key = snapshotKey(place);

/** A follower that gives a snapshot: this one, or as much of it as it likes. */
async function member(bytes: Buffer = golden, breaksOff = false, id = 2n) {
  const fake = await fakeEtcd({
    maintenance: {
      status: () => ({
        header: { clusterId: 9n, memberId: id },
        leader: 1n,
        raftIndex: 10n + id,
        version: "3.6.16",
        dbSize: 4096n,
      }),
      async *snapshot() {
        for (let at = 0; at < bytes.length; at += 5000) yield { blob: bytes.subarray(at, at + 5000) };
        if (breaksOff) throw new RpcError(Code.UNAVAILABLE, "etcdserver: server stopped");
      },
    },
    kv: { range: () => ({}) },
  });
  return { ...fake, source: { endpoint: fake.endpoint, peerUrl: "http://127.0.0.1:1" } };
}

function fixture() {
  const [root, workFolder] = [tempFolder(), tempFolder()];
  return { root, workFolder, store: new VolumeStore(nodeDisk, root), world: testWorld() };
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted();
}

test("a backup is the snapshot as it was sent, and a manifest of what is in it", async () => {
  const { root, workFolder, store, world } = fixture();
  const { source } = await member();
  const manifest = await takeBackup({ place, endpoints: [source], store, workFolder, world });
  expect(manifest).toEqual({
    formatVersion: 1,
    namespace: "ns",
    clusterName: "x",
    clusterUID: "uid",
    backupName: "nightly",
    clusterID: "9",
    memberID: "2",
    endpoint: source.endpoint,
    revision: 14,
    compactRevision: -1,
    hashKV: 1_487_948_429,
    statusHash: 2_582_079_480,
    raftTerm: expect.any(Number) as number,
    raftIndex: expect.any(Number) as number,
    storageVersion: "3.6.0",
    etcdVersion: "3.6.16",
    serverVersion: "",
    key,
    sizeBytes: golden.length,
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    parts: 1,
    startedAt: "2026-01-02T03:04:00.000Z",
    completedAt: "2026-01-02T03:04:01.000Z",
    verifiedAt: "2026-01-02T03:04:02.000Z",
  });
  expect(readFileSync(join(root, key)).equals(golden)).toBe(true);
  expect(parseManifest(readFileSync(join(root, manifestKey(key)), "utf8"))).toEqual({ kind: "Manifest", manifest });
  expect(filesBelow(workFolder)).toEqual([]);
});

test("a Job that is run again after it was done asks nobody and changes nothing", async () => {
  const { root, workFolder, store, world } = fixture();
  const fake = await member();
  const options = { place, endpoints: [fake.source], store, workFolder, world };
  const first = await takeBackup(options);
  const calls = fake.calls.length;
  writeFileSync(join(root, key), "changed behind its back");
  expect(await takeBackup(options)).toEqual(first);
  expect(fake.calls.length).toBe(calls);
  expect(readFileSync(join(root, key), "utf8")).toBe("changed behind its back");
});

test("a snapshot without a manifest, which a killed Job left, is no backup: it is taken again", async () => {
  const { root, workFolder, store, world } = fixture();
  mkdirSync(dirname(join(root, key)), { recursive: true });
  writeFileSync(join(root, key), "left by a killed Job");
  const { source } = await member();
  await takeBackup({ place, endpoints: [source], store, workFolder, world });
  expect(readFileSync(join(root, key)).equals(golden)).toBe(true);
});

test("when the best member breaks off or sends damaged bytes, the next one is asked", async () => {
  const { root, workFolder, store, world } = fixture();
  const flipped = Buffer.from(golden);
  flipped[20_000]! ^= 1;
  const members = [await member(golden, true, 4n), await member(flipped, false, 3n), await member(golden, false, 2n)];
  const endpoints = members.map(({ source }) => source);
  const manifest = await takeBackup({ place, endpoints, store, workFolder, world });
  expect(manifest.memberID).toBe("2");
  expect(members.map(({ calls }) => calls.includes("Snapshot"))).toEqual([true, true, true]);
  expect(readFileSync(join(root, key)).equals(golden)).toBe(true);
});

test("when no member can send one, nothing gets to the store", async () => {
  const { root, workFolder, store, world } = fixture();
  const members = [await member(golden, true), await member(golden.subarray(0, 30_000), false)];
  const taken = takeBackup({ place, endpoints: members.map(({ source }) => source), store, workFolder, world });
  await expect(taken).rejects.toMatchObject({
    code: "NoHealthyMember",
    message: expect.stringMatching(/broke off after 53280 bytes.*; .*it has 30000 bytes: it is cut short/) as string,
  });
  expect([filesBelow(root), filesBelow(workFolder)]).toEqual([[], []]);
});

test("a snapshot whose hash is right and whose pages are not is never stored", async () => {
  const { root, workFolder, store, world } = fixture();
  const { createHash } = await import("node:crypto");
  const database = Buffer.from(golden.subarray(0, -32));
  database.fill(0, 8192, 24_576);
  const { source } = await member(Buffer.concat([database, createHash("sha256").update(database).digest()]));
  await expect(takeBackup({ place, endpoints: [source], store, workFolder, world })).rejects.toMatchObject({
    code: "NoHealthyMember",
    message: expect.stringContaining("is damaged: ") as string,
  });
  expect(filesBelow(root)).toEqual([]);
});

test("a store that gives back other bytes than it was given has no backup: no manifest is written", async () => {
  const { root, workFolder, world } = fixture();
  const inner = new VolumeStore(nodeDisk, root);
  const store: ObjectStore = {
    description: "a bad disk",
    put: (...args) => inner.put(...args),
    head: (object) => inner.head(object),
    list: (prefix) => inner.list(prefix),
    delete: (object) => inner.delete(object),
    close: () => inner.close(),
    async read(object, position, length) {
      const bytes = await inner.read(object, position, length);
      bytes[100]! ^= 1;
      return bytes;
    },
  };
  const { source } = await member();
  await expect(takeBackup({ place, endpoints: [source], store, workFolder, world })).rejects.toMatchObject({
    code: "Damaged",
    message: expect.stringMatching(
      /^ns\/x\/uid\/nightly\/snapshot.db in a bad disk is damaged: its SHA-256 is/,
    ) as string,
  });
  expect(filesBelow(root)).toEqual([key]);
  expect(filesBelow(workFolder)).toEqual([]);
});

test("members of another cluster than the one meant are not backed up", async () => {
  const { root, workFolder, store, world } = fixture();
  const { source } = await member();
  const options = { place, endpoints: [source], store, workFolder, world };
  await expect(takeBackup({ ...options, clusterId: "8" })).rejects.toMatchObject({
    code: "Foreign",
    message: expect.stringContaining("the members belong to cluster 9, and should belong to 8") as string,
  });
  expect(filesBelow(root)).toEqual([]);
  await takeBackup({ ...options, clusterId: "9" });
});

test("a pod without room for the snapshot says so before it takes one", async () => {
  const { root, workFolder, store } = fixture();
  const fake = await member();
  const world = testWorld({ freeBytes: () => Promise.resolve(1000) });
  await expect(takeBackup({ place, endpoints: [fake.source], store, workFolder, world })).rejects.toMatchObject({
    code: "NoSpace",
    message: expect.stringContaining("1000 bytes are free") as string,
  });
  expect(fake.calls).not.toContain("Snapshot");
  expect(filesBelow(root)).toEqual([]);
});

async function storedBackup() {
  const { root, workFolder, store, world } = fixture();
  const { source } = await member();
  const manifest = await takeBackup({ place, endpoints: [source], store, workFolder, world });
  return { root, workFolder, store, world, manifest };
}

test("an intact backup is verified, also without its manifest", async () => {
  const { root, workFolder, store, world, manifest } = await storedBackup();
  const { sha256, revision } = manifest;
  const options = { store, key, workFolder, world };
  expect(await verifyBackup(options)).toMatchObject({ sha256, facts: { revision }, manifest });
  expect(await verifyBackup({ ...options, sha256 })).toMatchObject({ sha256, manifest });
  await nodeDisk.remove(join(root, manifestKey(key)));
  expect(await verifyBackup(options)).toMatchObject({ sha256, facts: { revision }, manifest: undefined });
  expect(filesBelow(workFolder)).toEqual([]);
});

test.each([
  ["a flipped byte", (bytes: Buffer) => (bytes[9000]! ^= 1), "Damaged", "its SHA-256 is"],
  ["a missing end", undefined, "Damaged", "its SHA-256 is"],
] as const)("a backup with %s is not verified", async (_what, damage, code, reason) => {
  const { root, workFolder, store, world } = await storedBackup();
  const bytes = Buffer.from(golden);
  damage?.(bytes);
  writeFileSync(join(root, key), damage ? bytes : bytes.subarray(0, 40_000));
  await expect(verifyBackup({ store, key, workFolder, world })).rejects.toMatchObject({
    code,
    message: expect.stringContaining(reason) as string,
  });
  expect(filesBelow(workFolder)).toEqual([]);
});

test("a manifest that says other things than the snapshot is found out", async () => {
  const { root, workFolder, store, world, manifest } = await storedBackup();
  for (const [name, value, fact] of [
    ["hashKV", 1, "hashKv"],
    ["revision", 15, "revision"],
    ["raftTerm", 99, "raftTerm"],
  ] as const) {
    writeFileSync(join(root, manifestKey(key)), JSON.stringify({ ...manifest, [name]: value }));
    await expect(verifyBackup({ store, key, workFolder, world })).rejects.toMatchObject({
      code: "Damaged",
      message: expect.stringContaining(
        `its ${fact} is ${String(manifest[name])}, and should be ${String(value)}`,
      ) as string,
    });
  }
});

test.each([
  ["is not there", async (root: string) => nodeDisk.remove(join(root, key)), {}, "BackupNotFound", "there is no ns/x"],
  [
    "has no manifest but something else",
    async (root: string) => writeFileSync(join(root, manifestKey(key)), "{}"),
    {},
    "Foreign",
    "is no manifest of a backup",
  ],
  ["is another one", async () => undefined, { sha256: "0".repeat(64) }, "Foreign", "is another backup"],
] as const)("a backup that %s is not verified", async (_what, change, wanted, code, reason) => {
  const { root, workFolder, store, world } = await storedBackup();
  await change(root);
  await expect(verifyBackup({ store, key, workFolder, world, ...wanted })).rejects.toMatchObject({
    code,
    message: expect.stringContaining(reason) as string,
  });
});

test("a backup is deleted with its manifest first, and again without harm", async () => {
  const { root, store } = await storedBackup();
  const deleted: string[] = [];
  const recording = Object.assign(Object.create(store) as ObjectStore, {
    delete: (object: string) => {
      deleted.push(object);
      return store.delete(object);
    },
  });
  await deleteBackup(recording, key);
  await deleteBackup(recording, key);
  expect(deleted.slice(0, 2)).toEqual([manifestKey(key), key]);
  expect(filesBelow(root)).toEqual([]);
});
