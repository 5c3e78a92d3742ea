import { setTimeout as sleep } from "node:timers/promises";
import { Cluster } from "../support/cluster.ts";
import { processCpuSeconds, processMemory } from "../support/process-stats.ts";
import type { ServerBinary } from "../support/server-binary.ts";

/** After the start, until compilers and caches have come to rest. */
const SETTLE_MS = 5000;

/** Three members that nobody talks to. */
export interface IdleCluster {
  /** Of one core, for each member. */
  readonly cpuPercent: readonly number[];
  readonly rss: readonly number[];
}

/** Measures CPU over a while, and RSS at its end. */
export async function idleCluster(binary: ServerBinary, overMs: number): Promise<IdleCluster> {
  const cluster = await Cluster.create({ binary, size: 3 });
  try {
    await cluster.start();
    await sleep(SETTLE_MS);
    const pids = cluster.members.map((member) => member.pid);
    const startMs = performance.now();
    const before = pids.map(processCpuSeconds);
    await sleep(overMs);
    const seconds = (performance.now() - startMs) / 1000;
    return {
      cpuPercent: pids.map((pid, i) => ((processCpuSeconds(pid) - (before[i] ?? 0)) / seconds) * 100),
      rss: pids.map((pid) => processMemory(pid).rss),
    };
  } finally {
    await cluster.destroy();
  }
}

/** From the start of the first process to all three ready, for each of several fresh clusters, in milliseconds. */
export async function timesToReady(binary: ServerBinary, times: number): Promise<readonly number[]> {
  const found: number[] = [];
  for (let i = 0; i < times; i++) {
    const cluster = await Cluster.create({ binary, size: 3 });
    try {
      const startMs = performance.now();
      await cluster.start();
      found.push(performance.now() - startMs);
    } finally {
      await cluster.destroy();
    }
  }
  return found;
}
