import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { parseJobResult, type JobResult } from "../../operator/backup/job-result.ts";
import { processMemory, type ProcessMemory } from "./process-stats.ts";

const SAMPLE_MS = 20;
const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** How one command of the operator's program ended. */
export interface OperatorToolEnd {
  readonly exitCode: number | null;
  readonly result: JobResult | undefined;
  readonly lines: readonly string[];
  /** The most memory that it was seen to use, and how much of that was its own and not pages of files. */
  readonly rssMax: number;
  readonly anonymousMax: number;
}

export interface OperatorToolOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** Sees every line as it comes; may end the process, as a machine does that loses its power. */
  readonly onLine?: (line: string, kill: () => void) => void;
}

/** Runs a command of `kvorum-operator` from its source, as a Job's pod does. */
export function operatorTool(args: readonly string[], options: OperatorToolOptions = {}): Promise<OperatorToolEnd> {
  const main = join(import.meta.dirname, "../../operator/cli/main.ts");
  const child = spawn(process.execPath, ["--no-warnings", main, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...withoutKeys(process.env), ...options.environment },
  });
  running.add(child);
  let [rssMax, anonymousMax] = [0, 0];
  const sampling = setInterval(() => {
    const { rss, anonymous } = memoryOf(child.pid);
    rssMax = Math.max(rssMax, rss);
    anonymousMax = Math.max(anonymousMax, anonymous);
  }, SAMPLE_MS);
  const lines: string[] = [];
  let rest = "";
  child.stdout.on("data", (piece: Buffer) => {
    const parts = (rest + piece.toString()).split("\n");
    rest = parts.pop() ?? "";
    for (const line of parts) {
      lines.push(line);
      options.onLine?.(line, () => child.kill("SIGKILL"));
    }
  });
  return new Promise((resolve) => {
    child.once("close", (exitCode) => {
      clearInterval(sampling);
      running.delete(child);
      resolve({ exitCode, result: parseJobResult(lines.at(-1)), lines, rssMax, anonymousMax });
    });
  });
}

/** Keys of this machine's own must not get into a test. */
function withoutKeys(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith("AWS_")));
}

function memoryOf(pid: number | undefined): ProcessMemory {
  try {
    if (pid !== undefined) return processMemory(pid);
  } catch {
    // It has just ended.
  }
  return { rss: 0, anonymous: 0 };
}
