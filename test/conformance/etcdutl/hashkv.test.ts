import { join } from "node:path";
import { expect, test } from "vitest";
import { seededRandom } from "../../../server/base/prng.ts";
import { Client } from "../../../server/client/client.ts";
import { startEtcd, startKvorum } from "../../support/etcd-binaries.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { ours, theirs } from "./both-tools.ts";

/**
 * A member with a history of puts and deletes, compacted in its middle. No key has a lease: etcd's own hashkv ends with a panic
 * ("no lessor to attach lease") where one has.
 */
async function withHistory({ endpoint }: Awaited<ReturnType<typeof startEtcd>>, seed: number): Promise<bigint> {
  const client = new Client({ endpoints: [endpoint] });
  const random = seededRandom(seed);
  let last = 0n;
  for (let i = 0; i < 400; i++) {
    const key = Buffer.from(`k${String(random.below(60))}`);
    const { header } =
      random.below(4) === 0
        ? await client.kv.deleteRange({ key })
        : await client.kv.put({ key, value: Buffer.from(String(i)) });
    last = header?.revision ?? last;
  }
  await client.kv.compact({ revision: last / 2n, physical: true });
  client.close();
  return last;
}

const STARTS = [
  ["Kvorum", startKvorum],
  ["etcd", startEtcd],
] as const;

test.each(STARTS)("of a snapshot of %s both tools say what the HashKV call says", async (_name, start) => {
  const server = await start(tempFolder());
  const last = await withHistory(server, 11);
  const client = new Client({ endpoints: [server.endpoint] });
  const file = join(tempFolder(), "saved.db");
  server.etcdctl("snapshot", "save", file);
  for (const revision of [0n, last, last - 3n, last - 20n]) {
    const { hash, compactRevision, hashRevision } = await client.maintenance.hashKV({ revision });
    const said = { hash, hashRevision: Number(hashRevision), compactRevision: Number(compactRevision) };
    const args = ["hashkv", file, "--rev", String(revision), "-w", "json"];
    expect(ours(...args)).toMatchObject({ status: 0, stdout: `${JSON.stringify(said)}\n` });
    expect(ours(...args)).toEqual(theirs(...args));
  }
  for (const rest of [[], ["-w", "table"], ["-w", "fields"], ["-w", "protobuf"], ["-w", "xml"], ["--rev=-1"]]) {
    const args = ["hashkv", file, ...rest];
    expect(ours(...args)).toEqual(theirs(...args));
  }
  for (const revision of ["1", String(last + 5n)]) {
    const args = ["hashkv", file, "--rev", revision];
    expect(ours(...args)).toEqual(theirs(...args));
    expect(ours(...args).status).toBe(1);
  }
  client.close();
});

test("keys with leases count like all others", async () => {
  const server = await startEtcd(tempFolder());
  const client = new Client({ endpoints: [server.endpoint] });
  const { ID: lease } = await client.lease.leaseGrant({ TTL: 600n });
  for (let i = 0; i < 10; i++)
    await client.kv.put({ key: Buffer.from(`k${String(i)}`), lease: i % 2 === 0 ? lease : 0n });
  const { hash } = await client.maintenance.hashKV({});
  client.close();
  const file = join(tempFolder(), "saved.db");
  server.etcdctl("snapshot", "save", file);
  expect(JSON.parse(ours("hashkv", file, "-w", "json").stdout)).toMatchObject({ hash, hashRevision: 11 });
});

test("of a stopped member's data dir it is the hash that the member gives at that revision", async () => {
  const dataDir = tempFolder();
  const server = await startKvorum(dataDir);
  await withHistory(server, 12);
  const running = ours("hashkv", dataDir);
  expect(running).toMatchObject({ status: 1 });
  expect(running.error).toBe(
    `Error: data dir ${dataDir} is in use by a running member: stop it first, or ask it with "etcdctl endpoint hashkv"`,
  );
  await server.stop();
  const stopped = JSON.parse(ours("hashkv", dataDir, "-w", "json").stdout) as { hash: number; hashRevision: number };
  const again = await startKvorum(dataDir);
  const client = new Client({ endpoints: [again.endpoint] });
  const { hash } = await client.maintenance.hashKV({ revision: BigInt(stopped.hashRevision) });
  expect(hash).toBe(stopped.hash);
  client.close();
});
