import { NODE_FLAGS } from "../../tools/launcher.ts";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { freePorts } from "../support/free-ports.ts";
import { benchmark, type BenchmarkResult, type BenchmarkRun } from "./benchmark-tool.ts";

const started = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of started) child.kill("SIGKILL");
});

/** Measures the transport alone: the same calls, answered empty by a server without a node behind. */
export async function ceiling(runs: readonly BenchmarkRun[]): Promise<readonly BenchmarkResult[]> {
  const [port = 0] = await freePorts(1);
  const main = join(import.meta.dirname, "empty-server.ts");
  const child = spawn(process.execPath, [...NODE_FLAGS, main, String(port)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  started.add(child);
  try {
    const endpoint = `127.0.0.1:${String(port)}`;
    await Promise.race([
      once(child.stdout, "data"),
      once(child, "exit").then(() => Promise.reject(new Error("ended"))),
    ]);
    const results: BenchmarkResult[] = [];
    // Compiled code on both sides of the comparison.
    await benchmark(endpoint, { operation: "put", clients: 100, connections: 10, total: 10_000 });
    for (const run of runs) results.push(await benchmark(endpoint, run));
    return results;
  } finally {
    child.kill("SIGKILL");
    started.delete(child);
  }
}
