import { availableParallelism } from "node:os";
import { getHeapStatistics } from "node:v8";
import type { Registry } from "prom-client";
import { collectGarbagePauses } from "./garbage-pauses.ts";
import { registerReading } from "./reading.ts";

/** What is asked of Node at each scrape. */
interface Look {
  readonly heap: ReturnType<typeof getHeapStatistics>;
  readonly memory: NodeJS.MemoryUsage;
  readonly handles: number;
}

type Row = readonly [name: string, help: string, read: (look: Look) => number];

const none = (): number => 0;
const NOTHING_LIKE_IT = "Node has nothing like it: always 0.";

const MEMORY: readonly Row[] = [
  ["alloc_bytes", "Bytes of V8's heap and of buffers in use.", ({ memory }) => memory.heapUsed + memory.external],
  ["buck_hash_sys_bytes", NOTHING_LIKE_IT, none],
  ["gc_sys_bytes", "Bytes that V8 has taken outside its heap.", ({ heap }) => heap.malloced_memory],
  ["heap_alloc_bytes", "Bytes of V8's heap in use.", ({ memory }) => memory.heapUsed],
  ["heap_idle_bytes", "Bytes of V8's heap not in use.", ({ memory }) => memory.heapTotal - memory.heapUsed],
  ["heap_inuse_bytes", "Bytes of V8's heap in use.", ({ memory }) => memory.heapUsed],
  ["heap_objects", "V8 does not count its objects: always 0.", none],
  ["heap_released_bytes", NOTHING_LIKE_IT, none],
  ["heap_sys_bytes", "Bytes of V8's heap.", ({ memory }) => memory.heapTotal],
  ["mcache_inuse_bytes", NOTHING_LIKE_IT, none],
  ["mcache_sys_bytes", NOTHING_LIKE_IT, none],
  ["mspan_inuse_bytes", NOTHING_LIKE_IT, none],
  ["mspan_sys_bytes", NOTHING_LIKE_IT, none],
  ["next_gc_bytes", "Size of V8's heap that it will not exceed.", ({ heap }) => heap.heap_size_limit],
  ["other_sys_bytes", "Bytes of buffers outside V8's heap.", ({ memory }) => memory.external],
  ["stack_inuse_bytes", NOTHING_LIKE_IT, none],
  ["stack_sys_bytes", NOTHING_LIKE_IT, none],
  ["sys_bytes", "Bytes of memory of this process.", ({ memory }) => memory.rss],
];
const TOTALS: readonly Row[] = [
  ["alloc_bytes_total", "V8 does not count what it has allocated: always 0.", none],
  ["frees_total", "V8 does not count what it has freed: always 0.", none],
  ["mallocs_total", "V8 does not count what it has allocated: always 0.", none],
];
const RUNTIME: readonly Row[] = [
  ["gc_gogc_percent", NOTHING_LIKE_IT, none],
  ["gc_gomemlimit_bytes", "Size of V8's heap that it will not exceed.", ({ heap }) => heap.heap_size_limit],
  ["goroutines", "Sockets, timers, requests and other things that the event loop waits for.", ({ handles }) => handles],
  ["sched_gomaxprocs_threads", "Processors that this process may use.", () => availableParallelism()],
  ["threads", "The event loop's; threads of V8 and of libuv's pool are not counted.", () => 1],
];

/**
 * The names that Go programs give to their memory and their scheduler, with what Node has that is nearest. Dashboards and
 * alerts made for etcd ask for them; what there is no counterpart of is 0 and says so.
 */
export function collectGoMetrics(registry: Registry): void {
  const { lastUnixSeconds } = collectGarbagePauses(registry);
  const gauges = [...MEMORY.map(prefixed("go_memstats_")), ...RUNTIME.map(prefixed("go_"))];
  for (const [name, help, read] of gauges) register(registry, name, help, "gauge", () => read(look()));
  for (const [name, help, read] of TOTALS.map(prefixed("go_memstats_")))
    register(registry, name, help, "counter", () => read(look()));
  const lastHelp = "Unix time of the last garbage collection.";
  register(registry, "go_memstats_last_gc_time_seconds", lastHelp, "gauge", lastUnixSeconds);
  registerReading(registry, {
    name: "go_info",
    help: "What this program runs on, which is not Go.",
    type: "gauge",
    read: () => [{ labels: { version: `node ${process.version}` }, value: 1 }],
  });
}

function register(registry: Registry, name: string, help: string, type: "gauge" | "counter", read: () => number): void {
  registerReading(registry, { name, help, type, read: () => [{ labels: {}, value: read() }] });
}

function prefixed(prefix: string): (row: Row) => Row {
  return ([name, help, read]) => [`${prefix}${name}`, help, read];
}

let shared: Look | undefined;

/** One look for all that is asked in the same turn: a scrape asks for each by itself. */
function look(): Look {
  if (shared) return shared;
  queueMicrotask(() => {
    shared = undefined;
  });
  return (shared = {
    heap: getHeapStatistics(),
    memory: process.memoryUsage(),
    handles: process.getActiveResourcesInfo().length,
  });
}
