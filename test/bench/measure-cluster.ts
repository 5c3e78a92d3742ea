import { Cluster } from "../support/cluster.ts";
import { processMemory } from "../support/process-stats.ts";
import type { ServerBinary } from "../support/server-binary.ts";
import { benchmark, RANGE_KEY, VALUE_BYTES, type BenchmarkResult, type BenchmarkRun } from "./benchmark-tool.ts";

/** One run against one cluster: the tool's figures, and what a member of it takes up right after. */
export interface Measurement extends BenchmarkResult {
  /** The mean over the members, in bytes. */
  readonly rss: number;
}

/** Runs all loads, one after the other, against a fresh cluster that has warmed up. */
export async function measureCluster(
  binary: ServerBinary,
  size: number,
  runs: readonly BenchmarkRun[],
  warmUp: number,
): Promise<readonly Measurement[]> {
  const cluster = await Cluster.create({ binary, size });
  try {
    await cluster.start();
    await cluster.leader();
    const endpoints = cluster.endpointsFlag;
    await cluster.member(0).client.put(RANGE_KEY, "v".repeat(VALUE_BYTES));
    const operations = new Set(runs.map((run) => run.operation));
    for (const operation of operations) {
      await benchmark(endpoints, { operation, clients: 100, connections: 10, total: warmUp });
    }
    const measurements: Measurement[] = [];
    for (const run of runs) {
      const result = await benchmark(endpoints, run);
      const memories = cluster.members.map((member) => processMemory(member.pid).rss);
      measurements.push({ ...result, rss: memories.reduce((sum, rss) => sum + rss, 0) / size });
    }
    return measurements;
  } finally {
    await cluster.destroy();
  }
}
