import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Cluster } from "../support/cluster.ts";
import type { ServerBinary } from "../support/server-binary.ts";
import { benchmark } from "./benchmark-tool.ts";

const STRACE = ["strace", "-D", "-f", "--seccomp-bpf", "-e", "trace=fdatasync,fsync", "-o"];

/** What the disk of the leader had to do for puts of 100 clients. */
export interface SyncCount {
  readonly puts: number;
  /** Calls of fsync and fdatasync while they ran, of every kind of file. */
  readonly syncs: number;
  readonly perPut: number;
}

/** Counts the leader's syncs under strace, which traces those calls alone and so hardly slows the rest. */
export async function syncsPerPut(binary: ServerBinary, size: number, puts: number): Promise<SyncCount> {
  const cluster = await Cluster.create({
    binary,
    size,
    wrapper: ({ folder }) => [...STRACE, join(folder, "trace")],
  });
  try {
    await cluster.start();
    const leader = await cluster.leader();
    const trace = join(leader.folder, "trace");
    const load = { operation: "put", clients: 100, connections: 10 } as const;
    await benchmark(cluster.endpointsFlag, { ...load, total: Math.ceil(puts / 10) });
    const before = syncsIn(trace);
    await benchmark(cluster.endpointsFlag, { ...load, total: puts });
    const syncs = syncsIn(trace) - before;
    return { puts, syncs, perPut: syncs / puts };
  } finally {
    await cluster.destroy();
  }
}

/** Calls, not lines: one that another thread interrupts has a second line, "resumed". */
function syncsIn(trace: string): number {
  return readFileSync(trace, "utf8").match(/\bf(?:data)?sync\(/g)?.length ?? 0;
}
