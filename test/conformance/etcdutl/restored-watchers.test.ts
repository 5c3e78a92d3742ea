import { join } from "node:path";
import { expect, test } from "vitest";
import { Client } from "../../../server/client/client.ts";
import { etcdBinary, run, startEtcd, startKvorum } from "../../support/etcd-binaries.ts";
import { freePorts } from "../../support/free-ports.ts";
import { kvorumTool } from "../../support/kvorum-tool.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const [PEER_PORT = 0] = await freePorts(1);
const PEER = `http://127.0.0.1:${String(PEER_PORT)}`;
const RESTORE = ["--initial-cluster", `default=${PEER}`, "--initial-advertise-peer-urls", PEER];
const START = ["--listen-peer-urls", PEER, ...RESTORE];
const BUMP = ["--bump-revision", "1000000", "--mark-compacted"];

/** What a client sees that watched the old cluster and comes to the restored one; ids and terms of the clusters left out. */
async function seen(endpoint: string) {
  const client = new Client({ endpoints: [endpoint] });
  const key = Buffer.from("k");
  const now = await client.kv.range({ key });
  const read = await client.kv.range({ key, revision: 3n }).catch((error: unknown) => String(error));
  const atNow = await client.kv.range({ key, revision: now.header?.revision ?? 0n });
  const ended = [];
  for (const startRevision of [2n, 5n, 1000n, (now.header?.revision ?? 0n) - 1n]) {
    const watch = client.watch.watch();
    await watch.send({ requestUnion: { case: "createRequest", value: { key, startRevision } } });
    for await (const { canceled, compactRevision, cancelReason, events } of watch) {
      if (canceled) ended.push({ startRevision, compactRevision, cancelReason, events: events.length });
      if (canceled) break;
    }
  }
  const later = client.watch.watch();
  const startRevision = (now.header?.revision ?? 0n) + 1n;
  await later.send({ requestUnion: { case: "createRequest", value: { key, startRevision } } });
  await client.kv.put({ key, value: Buffer.from("new") });
  const events = [];
  for await (const answer of later) {
    events.push(...answer.events.map(({ kv }) => ({ revision: kv?.modRevision, value: String(kv?.value) })));
    if (events.length > 0) break;
  }
  client.close();
  return { revision: now.header?.revision, kvs: now.kvs, read, atNow: atNow.kvs, ended, events };
}

test("after a restore with a bumped revision old reads and watches end with compacted, as with etcd's", async () => {
  const source = await startKvorum(tempFolder());
  for (let i = 0; i < 8; i++) source.etcdctl("put", "k", String(i));
  source.etcdctl("del", "k");
  source.etcdctl("put", "k", "last");
  const file = join(tempFolder(), "saved.db");
  source.etcdctl("snapshot", "save", file);

  const theirs = join(tempFolder(), "theirs");
  run(etcdBinary("etcdutl"), ["snapshot", "restore", file, "--data-dir", theirs, ...RESTORE, ...BUMP]);
  const etcd = await startEtcd(theirs, ...START);
  const expected = await seen(etcd.endpoint);
  await etcd.stop();

  const ours = join(tempFolder(), "ours");
  expect(kvorumTool("etcdutl", "snapshot", "restore", file, "--data-dir", ours, ...RESTORE, ...BUMP).status).toBe(0);
  const kvorum = await startKvorum(ours, ...START);
  const own = await seen(kvorum.endpoint);
  expect(own.ended).toHaveLength(4);
  expect(own).toEqual(expected);
});
