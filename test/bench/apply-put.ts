import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { InternalRaftRequestSchema } from "../../server/proto/gen/raft_internal_pb.js";
import type { StoreOperation } from "../../server/backend/store.ts";
import { StateMachine } from "../../server/apply/state-machine.ts";

/**
 * What applying a Put of a 16-byte key and a 256-byte value costs, and what loading the result takes:
 * `node test/bench/apply-put.ts [puts] [distinct keys]`.
 */
const puts = Number(process.argv[2] ?? 1_000_000);
const keys = Number(process.argv[3] ?? puts);

const options = {
  memberId: 1n,
  quotaBytes: 0,
  maxLearners: 1,
  minLeaseTtlSeconds: 2,
  valueCacheBytes: 32 * 1024 * 1024,
  persistLeaseCheckpoints: false,
};
/** Entries applied between two looks at the clock. */
const BATCH = 1000;
const template = toBinary(
  InternalRaftRequestSchema,
  create(InternalRaftRequestSchema, {
    header: { ID: 7n },
    put: { key: new Uint8Array(16).fill(0x61), value: new Uint8Array(256).fill(0x62) },
  }),
);
const keyAt = template.indexOf(0x61);

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function request(sequence: number): ReturnType<typeof fromBinary<typeof InternalRaftRequestSchema>> {
  const entry = template.slice();
  // Scattered over the key space.
  const key = Math.imul(sequence % keys, 0x9e3779b1) >>> 0;
  for (let i = 0; i < 8; i++) entry[keyAt + i] = 0x61 + ((key >>> (4 * i)) & 0xf);
  return fromBinary(InternalRaftRequestSchema, entry);
}

/** Applies all puts; what goes to the store is handed on. */
function run(keep: (operations: readonly StoreOperation[]) => void): void {
  const machine = new StateMachine(options);
  let index = 0;
  let applyMs = 0;
  let slowestMs = 0;
  while (index < puts) {
    const requests = Array.from({ length: BATCH }, (_, i) => request(index + i));
    const start = performance.now();
    for (const one of requests) machine.apply({ index: ++index, term: 2 }, one, { nowMs: 0, isWaiting: true });
    const took = performance.now() - start;
    applyMs += took;
    slowestMs = Math.max(slowestMs, took);
    if (index % (10 * BATCH) !== 0) continue;
    keep(machine.buffer.seal({ index, term: 2, confState: undefined }));
    machine.buffer.flushed();
  }
  const perPut = ((applyMs * 1000) / puts).toFixed(2);
  print(`apply: ${perPut} µs per put, slowest batch of ${BATCH}: ${slowestMs.toFixed(1)} ms`);
}

run(() => undefined);
const store: StoreOperation[] = [];
print("again, with all rows kept in memory for the load that follows:");
run((operations) => store.push(...operations));

const rows = store.filter(({ key }) => key[0] === 0x15);
global.gc?.();
const before = process.memoryUsage();
const start = performance.now();
const fresh = new StateMachine(options);
const loader = fresh.loader();
for (const { key, value } of rows) if (value) loader.row(key, value);
loader.finish();
const loadMs = performance.now() - start;
global.gc?.();
const heap = (process.memoryUsage().heapUsed - before.heapUsed) / 1e6;
print(
  `load: ${rows.length} rows in ${loadMs.toFixed(0)} ms, ${heap.toFixed(0)} MB of heap, ${fresh.mvcc.keyCount} keys`,
);

const compactStart = performance.now();
const job = fresh.mvcc.scheduleCompaction(fresh.mvcc.currentRevision);
let longest = 0;
let last = performance.now();
let dropped = 0;
for (const slice of fresh.mvcc.compactionSlices(job)) {
  dropped += slice.length;
  longest = Math.max(longest, performance.now() - last);
  last = performance.now();
}
fresh.mvcc.finishCompaction(job);
print(
  `compact: ${(performance.now() - compactStart).toFixed(0)} ms, ${dropped} rows, longest slice ${longest.toFixed(1)} ms`,
);
