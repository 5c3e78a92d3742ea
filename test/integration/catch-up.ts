import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { KV } from "../../server/proto/gen/rpc_pb.js";
import { Cluster, type ClusterMember } from "../support/cluster.ts";
import { bytes } from "../support/etcd-client.ts";
import { hashAgreement, hashText } from "../support/hash-agreement.ts";
import { LatenessWatch } from "../support/lateness-watch.ts";
import { mebibytes, processMemory } from "../support/process-stats.ts";
import { SERVER_HELP, serverBinary } from "../support/server-binary.ts";
import { TcpProxy } from "../support/tcp-proxy.ts";
import { Verdicts } from "../support/verdicts.ts";
import { waitUntil } from "../support/wait-until.ts";
import { WriteLoad } from "../support/write-load.ts";

const HELP = `npm run catch-up -- [options]

A follower was away beyond the log's start and catches up by snapshot, while writes go on. The transfer is cut once in the
middle. The leader's anonymous memory may grow by less than 64 MiB, its event loop may be late by at most 10 ms (p99.9) and
50 ms (longest) more than a process that does nothing, and in the end HashKV is equal everywhere.

What grows and what is late because of the transfer is told from what does so by itself: under the writes alone the heap
grows by some 50 MiB until V8 collects it, and the garbage that filling the cluster left goes with the first collection.
So the follower comes back after that one, and after two more: the second follows the first within seconds, since V8 takes
up what that one has shown to be free, and only from there to the third is a whole round, which is what is compared with.

  --keys N         keys of 1 KiB that the follower has missed (default 1000000)
  --rate N         writes per second that go on (default 500)
  --rounds N       such rounds of the leader's heap before the follower comes back (default 2; 0 compares with 5 s of writes)
  --server NAME    ${SERVER_HELP};
                   with etcd, whose heap is not V8's, --rounds is 0
  --shared-machine print how late the event loop was without judging it: other work on the machine makes it late, too
  --no-priority    do not run the leader before everything else on this machine (nice, root), as it would on its own
  --keep           keep data and logs
`;

const { values } = parseArgs({
  options: {
    keys: { type: "string", default: "1000000" },
    rate: { type: "string", default: "500" },
    rounds: { type: "string", default: "2" },
    server: { type: "string", default: "kvorum" },
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

const KEY_VALUE_BYTES = 1024;
/** The limit. */
const MEMORY_GROWTH_MAX = 64 * 1024 * 1024;
/** Keys in one transaction; etcd's limit is 128. */
const KEYS_PER_TXN = 100;
const TXNS_IN_FLIGHT = 8;
const SAMPLE_MS = 100;
/** The shortest time of writes alone. */
const BASELINE_MS = 5000;
/** From one collection of the leader's whole heap to the next. */
const HEAP_ROUND_TIMEOUT_MS = 300_000;
const HEAP_LOOK_MS = 2000;
const CATCH_UP_TIMEOUT_MS = 600_000;
/** A small log, so that a follower soon has missed its start, and room for all keys. */
const SNAPSHOT_COUNT = 1000;
/** Entries after which the log's start is certainly gone. */
const MISSED_ENTRIES = 3n * BigInt(SNAPSHOT_COUNT);
const FLAGS = [
  `--snapshot-count=${String(SNAPSHOT_COUNT)}`,
  "--snapshot-catchup-entries=500",
  "--quota-backend-bytes=8589934592",
];

const keys = Number(values.keys);
const binary = serverBinary(values.server);
/** Only Kvorum tells when its heap was collected: another server would be waited for in vain. */
const rounds = binary.isKvorum ? Number(values.rounds) : 0;
const verdicts = new Verdicts();

/** Stands before the follower's peer port and cuts the first snapshot when half of it has passed. */
class SnapshotCutter {
  cuts = 0;
  #isArmed = false;

  arm(): void {
    this.#isArmed = true;
  }

  async before(peerPort: number): Promise<number> {
    const proxy = await TcpProxy.start(peerPort, (connection) => {
      if (!connection.opening.subarray(0, 40).toString("latin1").startsWith("POST /raft/snapshot")) return;
      const middle = (keys * KEY_VALUE_BYTES) / 2;
      if (!this.#isArmed || connection.sentBytes < middle) return;
      this.#isArmed = false;
      this.cuts++;
      console.log(`cut the snapshot after ${mebibytes(connection.sentBytes)}`);
      connection.cut();
    });
    return proxy.port;
  }
}

async function catchUp(): Promise<void> {
  const cutter = new SnapshotCutter();
  const cluster = await Cluster.create({
    binary,
    size: 3,
    flags: FLAGS,
    advertisedPeerPort: (_index, peerPort) => cutter.before(peerPort),
  });
  let isGood = false;
  try {
    await cluster.start();
    const leader = await cluster.leader();
    const follower = cluster.members.find((member) => member !== leader);
    if (!follower) throw new Error("there is no follower");
    await follower.kill();
    await fill(leader);
    cutter.arm();
    isGood = await returnOf(follower, leader, cluster, cutter);
  } finally {
    await cluster.destroy(values.keep || !isGood);
  }
}

/** Writes the keys that the follower misses. */
async function fill(leader: ClusterMember): Promise<void> {
  const startMs = performance.now();
  const value = new Uint8Array(KEY_VALUE_BYTES).fill(0x76);
  let next = 0;
  const writer = async (): Promise<void> => {
    while (next < keys) {
      const from = next;
      next += KEYS_PER_TXN;
      const success = Array.from({ length: Math.min(next, keys) - from }, (_, n) => {
        const put = { key: bytes(`filled/${String(from + n).padStart(10, "0")}`), value };
        return { request: { case: "requestPut" as const, value: put } };
      });
      // Again, if the leader has just changed.
      await waitUntil("keys are written", () => leader.client.call(KV.method.txn, { success }, 30_000));
    }
  };
  await Promise.all(Array.from({ length: TXNS_IN_FLIGHT }, writer));
  const seconds = (performance.now() - startMs) / 1000;
  console.log(`${String(keys)} keys of ${String(KEY_VALUE_BYTES)} bytes written in ${seconds.toFixed(0)} s`);
}

async function returnOf(
  follower: ClusterMember,
  leader: ClusterMember,
  cluster: Cluster,
  cutter: SnapshotCutter,
): Promise<boolean> {
  const alive = cluster.members.filter((member) => member !== follower);
  const load = new WriteLoad({
    endpoints: () => alive.map((member) => member.client),
    perSecond: Number(values.rate),
    prefix: "going-on",
    valueBytes: 256,
    // Keys of their own would make the index grow, which is not what is measured.
    keySpace: 2000,
  });
  load.start();
  const memory = new MemorySampler(leader.pid);
  const watch = await LatenessWatch.start(leader, { isPreferred: values.priority });
  const baseline = await writesAlone(leader, memory);
  await watch.begin();
  const startMs = performance.now();
  follower.start();
  await untilCaughtUp(follower, leader);
  const tookMs = performance.now() - startMs;
  const peak = memory.takeMax();
  memory.stop();
  const lateness = await watch.end();
  watch.stop();
  const isSameLeader = (await cluster.leader()) === leader;
  await load.stop();

  console.log(`caught up ${(tookMs / 1000).toFixed(1)} s after its start; ${load.rate.toFixed(0)} writes/s went on`);
  const growth = peak - baseline;
  verdicts.check(cutter.cuts === 1, `the transfer was cut once in the middle: ${String(cutter.cuts)} times`);
  verdicts.check(isSnapshotTaken(follower), "the follower was sent a snapshot");
  verdicts.check(isSameLeader, "the leader led all the time");
  const memoryText = `the leader's RssAnon grew by ${mebibytes(growth)} (${mebibytes(baseline)} → ${mebibytes(peak)}), limit ${mebibytes(MEMORY_GROWTH_MAX)}`;
  if (binary.isKvorum) verdicts.check(growth < MEMORY_GROWTH_MAX, memoryText);
  else console.log(`     ${memoryText}`);
  if (binary.isKvorum) {
    verdicts.check(lateness.isInTime || values["shared-machine"], `the leader's event loop was ${lateness.text}`);
  }
  const { acknowledged, lost, wrong } = await load.verify(leader.client);
  verdicts.check(
    acknowledged > 0 && lost.length + wrong.length === 0,
    `no acknowledged write was lost: ${String(lost.length)} lost, ${String(wrong.length)} wrong of ${String(acknowledged)}`,
  );
  const agreement = await hashAgreement(cluster.members);
  return verdicts.check(agreement.isEqual, `HashKV is equal everywhere ${hashText(agreement)}`);
}

/** The most memory that the leader uses while only writes go on. */
async function writesAlone(leader: ClusterMember, memory: MemorySampler): Promise<number> {
  await sleep(BASELINE_MS);
  await waitUntil("the log's start is gone", async () => {
    const { raftAppliedIndex } = await leader.client.status();
    return raftAppliedIndex > MISSED_ENTRIES ? true : undefined;
  });
  if (rounds === 0) return memory.takeMax();
  await untilHeapIsCollected(leader, 1);
  memory.takeMax();
  await untilHeapIsCollected(leader, rounds);
  return memory.takeMax();
}

/** V8 has marked and swept the member's whole heap so often from now on. */
async function untilHeapIsCollected(member: ClusterMember, times: number): Promise<void> {
  const startMs = performance.now();
  const before = await heapCollections(member);
  await waitUntil(
    "V8 has collected the leader's whole heap",
    async () => ((await heapCollections(member)) >= before + times ? true : undefined),
    { timeoutMs: times * HEAP_ROUND_TIMEOUT_MS, everyMs: HEAP_LOOK_MS },
  );
  const seconds = (performance.now() - startMs) / 1000;
  console.log(`the leader's heap was collected ${String(times)} times within ${seconds.toFixed(0)} s of writes`);
}

async function heapCollections(member: ClusterMember): Promise<number> {
  const text = await (await fetch(`${member.clientUrl}/metrics`)).text();
  return Number(/^nodejs_gc_duration_seconds_count\{kind="major"\} (\d+)$/m.exec(text)?.[1] ?? 0);
}

/** The follower has what the leader had a moment before. */
async function untilCaughtUp(follower: ClusterMember, leader: ClusterMember): Promise<void> {
  await waitUntil(
    "the follower has caught up",
    async () => {
      const { raftAppliedIndex } = await leader.client.status();
      const theirs = await follower.client.status(2000);
      return theirs.raftAppliedIndex + 200n >= raftAppliedIndex ? true : undefined;
    },
    { timeoutMs: CATCH_UP_TIMEOUT_MS, everyMs: 200 },
  );
}

/** As the follower logs it; etcd and Kvorum use the same words. */
function isSnapshotTaken(follower: ClusterMember): boolean {
  return follower.lastLog(100_000).includes("applied snapshot");
}

/** The most that a process used, sampled from the kernel. */
class MemorySampler {
  #max = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(pid: number) {
    const sample = (): void => {
      this.#max = Math.max(this.#max, processMemory(pid).anonymous);
    };
    sample();
    this.#timer = setInterval(sample, SAMPLE_MS);
  }

  /** Of the time since the last call. */
  takeMax(): number {
    const max = this.#max;
    this.#max = 0;
    return max;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

await verdicts.conclude(catchUp);
