import { spawnSync } from "node:child_process";
import { etcdBinary } from "../../support/etcd-binaries.ts";
import { kvorumTool } from "../../support/kvorum-tool.ts";

/** How one run of an etcdutl ended, without what no two programs have in common: times, and where they log from. */
export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  /** The last line that begins with "Error:". */
  readonly error: string | undefined;
  /** What its log lines say, those of the database below it left out. */
  readonly messages: readonly string[];
}

/** Runs etcd's etcdutl. */
export function theirs(...args: readonly string[]): Outcome {
  const { status, stdout, stderr } = spawnSync(etcdBinary("etcdutl"), args, { encoding: "utf8", timeout: 120_000 });
  return outcome(status, stdout, stderr);
}

/** Runs ours. */
export function ours(...args: readonly string[]): Outcome {
  const { status, stdout, stderr } = kvorumTool("etcdutl", ...args);
  return outcome(status, stdout, stderr);
}

function outcome(status: number | null, stdout: string, stderr: string): Outcome {
  const lines = stderr.split("\n");
  return {
    status,
    // Cobra shows how a command is used after an error; ours points to --help.
    stdout: status === 0 ? stdout : "",
    error: lines.findLast((line) => line.startsWith("Error:")),
    messages: lines.flatMap((line) => {
      const [, level = "", , ...rest] = line.split("\t");
      if (!["info", "warn"].includes(level)) return [];
      const [time = "", , ...fields] = line.split("\t");
      // etcd's lines name the place in its sources first.
      const said = fields.filter((field) => !/^[\w/@.-]+\.go:\d+$/.test(field));
      return time === "" || rest.length === 0 || fields[0] === "bbolt" ? [] : [said[0] ?? ""];
    }),
  };
}
