import { expect, test } from "vitest";
import { Client } from "../../../server/client/client.ts";
import { startEtcd, startKvorum } from "../../support/etcd-binaries.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { ours, theirs } from "./both-tools.ts";

/** Members, each with the tool of its maker. */
const BOTH = [
  [startKvorum, ours],
  [startEtcd, theirs],
] as const;

/** Makes a member big and then deletes nearly all of it. */
async function fillAndEmpty(endpoint: string): Promise<void> {
  const client = new Client({ endpoints: [endpoint] });
  const value = Buffer.alloc(100_000, "v");
  for (let i = 0; i < 150; i++) await client.kv.put({ key: Buffer.from(`big/${i % 5}`), value });
  const { header } = await client.kv.deleteRange({ key: Buffer.from("big/"), rangeEnd: Buffer.from("big0") });
  await client.kv.put({ key: Buffer.from("small"), value: Buffer.from("left") });
  await client.kv.compact({ revision: header?.revision ?? 0n, physical: true });
  client.close();
}

async function standing(endpoint: string) {
  const client = new Client({ endpoints: [endpoint] });
  const { hash, hashRevision, compactRevision } = await client.maintenance.hashKV({});
  const { dbSize, dbSizeInUse } = await client.maintenance.status({});
  client.close();
  return { hash: { hash, hashRevision, compactRevision }, dbSize: Number(dbSize), dbSizeInUse: Number(dbSizeInUse) };
}

test("defrag shrinks a stopped member as etcd's does, and no hash changes by it", async () => {
  for (const [start, tool] of BOTH) {
    const dataDir = tempFolder();
    const member = await start(dataDir);
    await fillAndEmpty(member.endpoint);
    const before = await standing(member.endpoint);
    expect(before.dbSize).toBeGreaterThan(5_000_000);
    await member.stop();
    const outcome = tool("defrag", "--data-dir", dataDir);
    expect(outcome).toMatchObject({ status: 0, stdout: "" });
    expect(outcome.messages).toEqual(["defragmenting", "finished defragmenting directory"]);
    const again = await start(dataDir);
    const after = await standing(again.endpoint);
    expect(after.hash).toEqual(before.hash);
    expect(after.dbSize).toBeLessThan(200_000);
    await again.stop();
  }
});

test("defrag and migrate refuse the data dir of a running member with one line, and leave it alone", async () => {
  const dataDir = tempFolder();
  const member = await startKvorum(dataDir);
  const inUse = `data dir ${dataDir} is in use by a running member`;
  expect(ours("defrag", "--data-dir", dataDir)).toMatchObject({
    status: 1,
    error: `Error: Failed to defragment etcd data[${dataDir}] (${inUse}: to defragment it without a stop use "etcdctl defrag")`,
  });
  expect(ours("migrate", "--data-dir", dataDir, "--target-version", "3.5")).toMatchObject({
    status: 1,
    error: `Error: ${inUse}: stop it first`,
  });
  expect(member.etcdctl("put", "still", "there").trim()).toBe("OK");
});

test("a data dir of etcd's is refused by name", async () => {
  const dataDir = tempFolder();
  const etcd = await startEtcd(dataDir);
  await etcd.stop();
  const { status, error } = ours("migrate", "--data-dir", dataDir, "--target-version", "3.5");
  expect(status).toBe(1);
  expect(error).toBe(
    `Error: data dir ${dataDir} was written by etcd, not by Kvorum: use the etcdutl that came with that etcd`,
  );
});

test("migrate goes from 3.6 to 3.5 and back, and refuses the same ways in the same words as etcd's", async () => {
  const [own, other] = [tempFolder(), tempFolder()];
  for (const [start, dataDir] of [
    [startKvorum, own],
    [startEtcd, other],
  ] as const) {
    const member = await start(dataDir);
    member.etcdctl("put", "a", "1");
    await member.stop();
  }
  const before = ours("hashkv", own);
  const steps = ["3.6", "3.5", "3.5", "3.6", "3.7", "4.0", "3.5", "3.9", "3.6"].map((version) => [version]);
  for (const [version = "", ...rest] of [...steps, ["3.7", "--force"], ["3.6"], ["3.5"], ["3.6", "--force"]]) {
    const args = ["--target-version", version, ...rest];
    const outcome = ours("migrate", "--data-dir", own, ...args);
    expect([args, outcome]).toEqual([args, theirs("migrate", "--data-dir", other, ...args)]);
  }
  expect(ours("hashkv", own)).toEqual(before);
});

test("a member that starts on data of storage version 3.5 brings it back to 3.6 as etcd does, and keeps what it had", async () => {
  for (const [start, tool] of BOTH) {
    const dataDir = tempFolder();
    const member = await start(dataDir);
    member.etcdctl("put", "a", "1");
    const before = await standing(member.endpoint);
    await untilStorageIs(member.endpoint, "3.6.0");
    await member.stop();
    expect(tool("migrate", "--data-dir", dataDir, "--target-version", "3.5").status).toBe(0);
    const again = await start(dataDir);
    await untilStorageIs(again.endpoint, "3.6.0");
    expect(await snapshotVersions(again.endpoint)).toEqual(["3.6.0"]);
    expect(((await (await fetch(`${again.endpoint}/version`)).json()) as { storage: string }).storage).toBe("3.6.0");
    expect((await standing(again.endpoint)).hash).toEqual(before.hash);
    expect(again.etcdctl("get", "a", "--print-value-only").trim()).toBe("1");
    await again.stop();
    expect(tool("migrate", "--data-dir", dataDir, "--target-version", "3.6").messages).toEqual([
      "storage version up-to-date",
    ]);
  }
});

test("a cluster on its way back to 3.5 has a store of 3.5, whose snapshots say no version, as etcd's", async () => {
  for (const start of [startKvorum, startEtcd]) {
    const member = await start(tempFolder());
    await untilStorageIs(member.endpoint, "3.6.0");
    member.etcdctl("downgrade", "enable", "3.5");
    await untilStorageIs(member.endpoint, "3.5.0");
    expect(await snapshotVersions(member.endpoint)).toEqual([""]);
    member.etcdctl("downgrade", "cancel");
    await untilStorageIs(member.endpoint, "3.6.0");
    expect(await snapshotVersions(member.endpoint)).toEqual(["3.6.0"]);
    await member.stop();
  }
});

test("a store of a later release is refused at the start by both", async () => {
  for (const [start, tool] of BOTH) {
    const dataDir = tempFolder();
    const member = await start(dataDir);
    await untilStorageIs(member.endpoint, "3.6.0");
    await member.stop();
    expect(tool("migrate", "--data-dir", dataDir, "--target-version", "3.7", "--force").status).toBe(0);
    await expect(start(dataDir)).rejects.toThrow("has ended");
    expect(tool("migrate", "--data-dir", dataDir, "--target-version", "3.6", "--force").status).toBe(0);
    await (await start(dataDir)).stop();
  }
});

/** The member looks every four seconds. */
async function untilStorageIs(endpoint: string, version: string): Promise<void> {
  const client = new Client({ endpoints: [endpoint] });
  await expect.poll(async () => (await client.maintenance.status({})).storageVersion).toBe(version);
  client.close();
}

/** What the messages of a snapshot say of themselves, each once. */
async function snapshotVersions(endpoint: string): Promise<readonly string[]> {
  const client = new Client({ endpoints: [endpoint] });
  const versions = new Set<string>();
  for await (const { version } of client.maintenance.snapshot({})) versions.add(version);
  client.close();
  return [...versions];
}
