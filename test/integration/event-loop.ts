import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Client } from "../../server/client/client.ts";
import { KV } from "../../server/proto/gen/rpc_pb.js";
import { Cluster, type ClusterMember } from "../support/cluster.ts";
import { bytes } from "../support/etcd-client.ts";
import { LatenessWatch } from "../support/lateness-watch.ts";
import { mebibytes, processMemory } from "../support/process-stats.ts";
import { serverBinary } from "../support/server-binary.ts";
import { Verdicts } from "../support/verdicts.ts";
import { WriteLoad } from "../support/write-load.ts";

const HELP = `npm run event-loop -- [options]

How late the event loop of a member is (p99.9 at most 10 ms, longest at most 50 ms) while, one after the other, its whole database
is sent as a snapshot, its history is compacted, its hash is computed, it is defragmented, and ten clients read ranges of 5 MB;
500 writes a second go on all the time. By as much as a process that does nothing is late meanwhile, the member may be late, too.

  --keys N         keys of 1 KiB (default 1000000, about 1 GiB)
  --rate N         writes per second that go on (default 500)
  --shared-machine print the figures without judging them: other work on the machine makes it late, too
  --no-priority    do not run the server before everything else on this machine (nice, root), as it would on its own
  --keep           keep data and logs
`;

const { values } = parseArgs({
  options: {
    keys: { type: "string", default: "1000000" },
    rate: { type: "string", default: "500" },
    "shared-machine": { type: "boolean", default: false },
    priority: { type: "boolean", default: true },
    keep: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
  allowNegative: true,
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}

const VALUE_BYTES = 1024;
const KEYS_PER_TXN = 100;
const TXNS_IN_FLIGHT = 8;
const READERS = 10;
/** 5 MB of keys and values. */
const KEYS_PER_RANGE = 5000;
const READING_MS = 20_000;
const IDLE_MS = 5000;
const LONG_CALL_MS = 600_000;
/** Room for all keys twice. */
const FLAGS = ["--quota-backend-bytes=8589934592"];

const keys = Number(values.keys);
const verdicts = new Verdicts();

async function main(): Promise<void> {
  const cluster = await Cluster.create({
    binary: serverBinary("kvorum"),
    size: 1,
    flags: FLAGS,
  });
  let isGood = false;
  try {
    await cluster.start();
    const [member] = cluster.members;
    if (!member) throw new Error("there is a member");
    const watch = await LatenessWatch.start(member, { isPreferred: values.priority });
    isGood = await measure(member, watch).finally(() => {
      watch.stop();
    });
  } finally {
    await cluster.destroy(values.keep || !isGood);
  }
}

async function measure(member: ClusterMember, watch: LatenessWatch): Promise<boolean> {
  const during = (name: string, work: () => Promise<unknown>): Promise<void> =>
    measureWork({ member, watch, name, work });
  await fill(member, keys);
  // Half of it a second time: something to compact.
  await fill(member, keys / 2);
  const load = new WriteLoad({
    endpoints: () => [member.client],
    perSecond: Number(values.rate),
    prefix: "going-on",
    valueBytes: 256,
    keySpace: 2000,
  });
  load.start();
  const client = new Client({ endpoints: [member.clientUrl] });
  try {
    await during("writes only", () => sleep(IDLE_MS));
    await during("snapshot", async () => {
      let size = 0;
      for await (const { blob } of client.maintenance.snapshot({})) size += blob.length;
      console.log(`     snapshot of ${mebibytes(size)}`);
    });
    const { header } = await member.client.status();
    await during("compaction", () =>
      client.kv.compact({ revision: header?.revision ?? 0n, physical: true }, { timeoutMs: LONG_CALL_MS }),
    );
    await during("HashKV", () => client.maintenance.hashKV({ revision: 0n }, { timeoutMs: LONG_CALL_MS }));
    await during(`${String(READERS)} clients reading 5 MB ranges`, () => readRanges(member));
    await during("one range over all keys, keys only, sorted", () =>
      client.kv.range(
        { key: bytes("filled/"), rangeEnd: bytes("filled0"), keysOnly: true, sortOrder: 2, sortTarget: 3, limit: 100n },
        { timeoutMs: LONG_CALL_MS },
      ),
    );
    await during("defragmentation", () => client.maintenance.defragment({}, { timeoutMs: LONG_CALL_MS }));
  } finally {
    client.close();
    await load.stop();
  }
  const { acknowledged, lost, wrong } = await load.verify(member.client);
  return verdicts.check(
    acknowledged > 0 && lost.length + wrong.length === 0,
    `no acknowledged write was lost: ${String(lost.length)} lost, ${String(wrong.length)} wrong of ${String(acknowledged)}`,
  );
}

async function fill(member: ClusterMember, count: number): Promise<void> {
  const startMs = performance.now();
  const value = new Uint8Array(VALUE_BYTES).fill(0x76);
  let next = 0;
  const writer = async (): Promise<void> => {
    while (next < count) {
      const from = next;
      next += KEYS_PER_TXN;
      const success = [];
      for (let n = from; n < Math.min(next, count); n++) {
        success.push({ request: { case: "requestPut" as const, value: { key: bytes(keyOf(n)), value } } });
      }
      await member.client.call(KV.method.txn, { success }, 30_000);
    }
  };
  await Promise.all(Array.from({ length: TXNS_IN_FLIGHT }, writer));
  console.log(`     ${String(count)} keys written in ${((performance.now() - startMs) / 1000).toFixed(0)} s`);
}

function keyOf(n: number): string {
  return `filled/${String(n).padStart(10, "0")}`;
}

async function readRanges(member: ClusterMember): Promise<void> {
  const until = performance.now() + READING_MS;
  let count = 0;
  let received = 0;
  const reader = async (position: number): Promise<void> => {
    const client = new Client({ endpoints: [member.clientUrl] });
    while (performance.now() < until) {
      const from = (position * 7919 + count * KEYS_PER_RANGE) % Math.max(1, keys - KEYS_PER_RANGE);
      const { kvs } = await client.kv.range(
        { key: bytes(keyOf(from)), rangeEnd: bytes(keyOf(from + KEYS_PER_RANGE)) },
        { timeoutMs: LONG_CALL_MS },
      );
      count++;
      received += kvs.reduce((sum, kv) => sum + kv.key.length + kv.value.length, 0);
    }
    client.close();
  };
  await Promise.all(Array.from({ length: READERS }, (_, position) => reader(position)));
  console.log(`     ${String(count)} ranges, ${mebibytes(received / Math.max(1, count))} each`);
}

/** Measures from the last reading of the metrics to the end of the work. */
async function measureWork(options: {
  readonly member: ClusterMember;
  readonly watch: LatenessWatch;
  readonly name: string;
  readonly work: () => Promise<unknown>;
}): Promise<void> {
  const { member, watch, name, work } = options;
  await watch.begin();
  const startMs = performance.now();
  const before = processMemory(member.pid).anonymous;
  await work();
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  const { isInTime, text } = await watch.end();
  const after = processMemory(member.pid).anonymous;
  verdicts.check(
    isInTime || values["shared-machine"],
    `${name} (${seconds} s): the event loop was ${text}; RssAnon ${mebibytes(before)} → ${mebibytes(after)}`,
  );
}

await verdicts.conclude(main);
