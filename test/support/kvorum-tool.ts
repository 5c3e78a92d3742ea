import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** How one of our tools ended. */
export interface ToolResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output as it is. */
  readonly bytes: Buffer;
}

/** Runs one of our tools from its source. */
export function kvorumTool(name: "etcdutl" | "kvorum", ...args: readonly string[]): ToolResult {
  const main = join(import.meta.dirname, `../../server/cli/${name}-main.ts`);
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--no-warnings", main, ...args], {
    maxBuffer: 1 << 28,
  });
  return { status, stdout: stdout.toString(), stderr: stderr.toString(), bytes: stdout };
}
