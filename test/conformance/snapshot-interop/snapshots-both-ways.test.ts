import { join } from "node:path";
import { expect, test } from "vitest";
import { Client } from "../../../server/client/client.ts";
import { answerOf, contentsOf } from "../../support/compared-answers.ts";
import { etcdBinary, run, startEtcd, startKvorum } from "../../support/etcd-binaries.ts";
import { freePorts } from "../../support/free-ports.ts";
import { kvorumTool } from "../../support/kvorum-tool.ts";
import { RandomOperations } from "../../support/random-operations.ts";
import { tempFolder } from "../../support/temp-folder.ts";

/** Saves a snapshot with etcdctl and tells what the cluster held then. */
async function fillAndSave(
  server: Awaited<ReturnType<typeof startEtcd>>,
  seed: number,
): Promise<{ readonly file: string; readonly contents: unknown }> {
  const client = new Client({ endpoints: [server.endpoint] });
  const operations = new RandomOperations(seed);
  for (let i = 0; i < 1500; i++) {
    const { revision } = await answerOf(operations.next(), client);
    if (revision !== undefined) operations.observe(revision);
  }
  const file = join(tempFolder(), "saved.db");
  server.etcdctl("snapshot", "save", file);
  const contents = await contentsOf(client);
  client.close();
  return { file, contents };
}

async function served(server: Awaited<ReturnType<typeof startEtcd>>): Promise<unknown> {
  const client = new Client({ endpoints: [server.endpoint] });
  const contents = await contentsOf(client);
  client.close();
  return contents;
}

/** The place of the members: the restored data dirs are for this one URL. */
const [PEER_PORT = 0] = await freePorts(1);
const PEER = `http://127.0.0.1:${String(PEER_PORT)}`;
const RESTORE = ["--initial-cluster", `default=${PEER}`, "--initial-advertise-peer-urls", PEER];
const START = ["--listen-peer-urls", PEER, ...RESTORE];

test("etcd serves what a snapshot of Kvorum holds", async () => {
  const kvorum = await startKvorum(tempFolder());
  const { file, contents } = await fillAndSave(kvorum, 3);
  const theirs = run(etcdBinary("etcdutl"), ["snapshot", "status", file, "-w", "json"]);
  expect(kvorumTool("etcdutl", "snapshot", "status", file, "-w", "json")).toMatchObject({ stdout: theirs, status: 0 });
  const dataDir = join(tempFolder(), "restored");
  run(etcdBinary("etcdutl"), ["snapshot", "restore", file, "--data-dir", dataDir, ...RESTORE]);
  const etcd = await startEtcd(dataDir, ...START);
  expect(await served(etcd)).toEqual(contents);
});

test("Kvorum serves what a snapshot of etcd holds, also after a restart", async () => {
  const etcd = await startEtcd(tempFolder());
  const { file, contents } = await fillAndSave(etcd, 4);
  const dataDir = join(tempFolder(), "restored");
  expect(kvorumTool("etcdutl", "snapshot", "restore", file, "--data-dir", dataDir, ...RESTORE).status).toBe(0);
  for (let start = 0; start < 2; start++) {
    const kvorum = await startKvorum(dataDir, ...START);
    expect(await served(kvorum)).toEqual(contents);
    await kvorum.stop();
  }
});

test("a bumped revision is the same after a restore by etcdutl and by ours", async () => {
  const etcd = await startEtcd(tempFolder());
  const { file } = await fillAndSave(etcd, 5);
  const bump = ["--bump-revision", "1000000000", "--mark-compacted"];
  const [theirs, ours] = [join(tempFolder(), "theirs"), join(tempFolder(), "ours")];
  run(etcdBinary("etcdutl"), ["snapshot", "restore", file, "--data-dir", theirs, ...RESTORE, ...bump]);
  const restored = kvorumTool("etcdutl", "snapshot", "restore", file, "--data-dir", ours, ...RESTORE, ...bump);
  expect(restored.status).toBe(0);
  const theirMember = await startEtcd(theirs, ...START);
  const expected = await settled(theirMember);
  await theirMember.stop();
  expect(await settled(await startKvorum(ours, ...START))).toEqual(expected);
});

/** A restored member compacts in the background when it starts. */
async function settled(server: Awaited<ReturnType<typeof startEtcd>>): Promise<unknown> {
  const client = new Client({ endpoints: [server.endpoint] });
  const read = { key: Buffer.from("key/"), revision: 5n };
  await expect(client.kv.range(read)).rejects.toThrow("required revision has been compacted");
  await expect.poll(async () => (await client.maintenance.hashKV({})).hash === (await pauseAndHash(client))).toBe(true);
  client.close();
  return served(server);
}

async function pauseAndHash(client: Client): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 500));
  return (await client.maintenance.hashKV({})).hash;
}

test("dump-log gives the same requests of a member of etcd's or ours while it runs and after it was killed", async () => {
  for (const start of [startEtcd, startKvorum]) {
    const dataDir = tempFolder();
    const server = await start(dataDir);
    for (let i = 0; i < 20; i++) server.etcdctl("put", `k${i}`, "v".repeat(i * 50));
    const running = kvorumTool("kvorum", "dump-log", dataDir);
    expect(running).toMatchObject({ status: 0, stderr: "" });
    const text = kvorumTool("kvorum", "dump-log", dataDir, "--format", "text").stdout;
    for (let i = 0; i < 20; i++) expect(text).toContain(`"key":"k${i}"`);
    await server.stop("SIGKILL");
    const stopped = kvorumTool("kvorum", "dump-log", dataDir);
    expect(stopped.bytes.subarray(0, running.bytes.length)).toEqual(running.bytes);
  }
});
