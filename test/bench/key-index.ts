import { TreeIndex } from "../../server/mvcc/tree-index.ts";

/**
 * What the index of keys costs in time, memory and garbage collection:
 * `node --expose-gc test/bench/key-index.ts [keys] [ascending|random]`.
 */
const keys = Number(process.argv[2] ?? 1_000_000);
const isRandom = process.argv[3] === "random";
const READS = 1_000_000;
const COLLECTIONS = 5;
const MIB = 1024 * 1024;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Time that the main thread has computed: other load of the machine does not count. */
function nowMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function nameOf(n: number): string {
  return `/registry/pods/default/name-${String(n).padStart(8, "0")}`;
}

/** Every number below `keys` once, scattered. */
function scattered(i: number): number {
  return (i * 7_368_787) % keys;
}

/** As keys come from requests: each a flat string of its own. */
function fresh(n: number): string {
  return String.fromCharCode(...Buffer.from(nameOf(n), "latin1"));
}

/** Names for `count` calls, made beforehand in batches, so that the clock sees the index alone. */
function timed(count: number, name: (i: number) => string, act: (key: string, i: number) => void): number {
  const batchSize = 10_000;
  let tookMs = 0;
  for (let start = 0; start < count; start += batchSize) {
    const batch = Array.from({ length: Math.min(batchSize, count - start) }, (_, i) => name(start + i));
    const from = nowMs();
    for (let i = 0; i < batch.length; i++) act(batch[i] as string, start + i);
    tookMs += nowMs() - from;
  }
  return tookMs;
}

/** Milliseconds of full collections, ascending: the pause of the main thread, on a quiet machine. */
function collections(): number[] {
  globalThis.gc?.();
  const took = Array.from({ length: COLLECTIONS }, () => {
    const from = performance.now();
    globalThis.gc?.();
    return performance.now() - from;
  });
  return took.toSorted((a, b) => a - b);
}

function rate(what: string, count: number, tookMs: number): void {
  print(`${what}: ${Math.round((count / tookMs) * 1000).toLocaleString("en")}/s`);
}

function memory(): { heapUsed: number; external: number; rss: number } {
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heapUsed: heapUsed / MIB, external: external / MIB, rss: rss / MIB };
}

function report(what: string, before: ReturnType<typeof memory>): void {
  const gcMs = collections();
  const after = memory();
  const grown = (Object.keys(after) as (keyof typeof after)[]).map(
    (name) => `${name} +${(after[name] - before[name]).toFixed(1)} MiB`,
  );
  print(`${what}: ${grown.join(", ")}; full collection ${gcMs.map((ms) => ms.toFixed(1)).join(" ")} ms`);
}

function put(index: TreeIndex, key: string, main: number): void {
  const known = index.get(key);
  const createRevision = known ? known.createRevision : main;
  const version = known ? known.version + 1 : 1;
  index.add(key, known, { main, sub: 0, isTombstone: false, createRevision, version, rowBytes: 300 });
}

const emptyMs = collections();
const before = memory();
print(`empty heap: full collection ${emptyMs.map((ms) => ms.toFixed(1)).join(" ")} ms`);

const index = new TreeIndex();
const inserted = timed(
  keys,
  (i) => fresh(isRandom ? scattered(i) : i),
  (key, i) => put(index, key, i + 2),
);
rate(`get and insert, ${isRandom ? "random" : "ascending"}`, keys, inserted);
report("after inserts", before);

let sum = 0;
const got = timed(
  READS,
  (i) => fresh(scattered(i * 31)),
  (key) => {
    sum += index.get(key)?.version ?? 0;
  },
);
rate("get, random", READS, got);

for (const round of [1, 2]) {
  const from = nowMs();
  index.scan({ from: "", to: undefined, isSingle: false }, Infinity, (history) => {
    sum += history.isAliveAt(1e9) ? 1 : 0;
  });
  rate(`scan ${round}`, keys, nowMs() - from);
}

const updated = timed(
  keys,
  (i) => fresh(scattered(i)),
  (key, i) => put(index, key, keys + i + 2),
);
rate("get and add a version, random", keys, updated);
report("with a past version per key", before);

const compactFrom = nowMs();
let from: string | undefined = "";
let slowest = 0;
while (from !== undefined) {
  const start = nowMs();
  from = index.compact(from, 2 * keys + 2, 5000, []);
  slowest = Math.max(slowest, nowMs() - start);
}
rate(`compact (slowest slice ${slowest.toFixed(1)} ms)`, keys, nowMs() - compactFrom);
report("after the compaction", before);
print(`checksum ${sum}`);
