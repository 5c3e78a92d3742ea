import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { etcdBinaries } from "../../tools/etcd-binaries.ts";

const run = promisify(execFile);
const RUN_TIMEOUT_MS = 180_000;

export const KEY_BYTES = 16;
export const VALUE_BYTES = 256;
/** Keys that puts are spread over. */
const KEY_SPACE = 100_000;
/** The one key that ranges read. */
export const RANGE_KEY = "a-key-of-16bytes";

/** What is done over and over. */
export type Operation = "put" | "range" | "range-serializable";

/** One run of etcd's load generator. */
export interface BenchmarkRun {
  readonly operation: Operation;
  readonly clients: number;
  readonly connections: number;
  readonly total: number;
}

/** What it printed at the end. */
export interface BenchmarkResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Runs etcd's own `benchmark` against a cluster. */
export async function benchmark(endpoints: string, load: BenchmarkRun): Promise<BenchmarkResult> {
  const { operation, clients, connections, total } = load;
  const common = ["--endpoints", endpoints, "--clients", String(clients), "--conns", String(connections)];
  const kind =
    operation === "put"
      ? [
          "put",
          "--key-size",
          String(KEY_BYTES),
          "--val-size",
          String(VALUE_BYTES),
          "--key-space-size",
          String(KEY_SPACE),
        ]
      : ["range", RANGE_KEY, "--consistency", operation === "range" ? "l" : "s"];
  const { stdout } = await run(join(etcdBinaries(), "benchmark"), [...kind, ...common, "--total", String(total)], {
    maxBuffer: 1 << 26,
    timeout: RUN_TIMEOUT_MS,
  });
  return parse(stdout);
}

function parse(text: string): BenchmarkResult {
  const errors = /Error distribution:([\s\S]*)/.exec(text);
  if (errors) throw new Error(`calls failed:${errors[1]?.trimEnd() ?? ""}`);
  const number = (pattern: RegExp): number => {
    const match = pattern.exec(text);
    if (!match) throw new Error(`no ${String(pattern)} in what benchmark printed:\n${text}`);
    return Number(match[1]);
  };
  return {
    perSecond: number(/Requests\/sec:\s+([\d.]+)/),
    p50Ms: number(/ 50% in ([\d.]+) secs/) * 1000,
    p99Ms: number(/ 99% in ([\d.]+) secs/) * 1000,
  };
}
