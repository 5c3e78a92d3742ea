import type { Command } from "commander";
import { JobFailed } from "./job-failed.ts";
import type { Terminal } from "./terminal.ts";
import type { JobEnvironment } from "../backup/run-job.ts";
import type { StoreFlags } from "../backup/open-store.ts";

/**
 * The flags that tell a command of a Job about its store, and where its result goes. The work itself is imported when it
 * runs: the operator, which is the same program, has no use for an S3 client and a database in its memory.
 */
export function addStoreFlags(command: Command): Command {
  return command
    .requiredOption("--store <url>", "the store: s3://bucket/prefix or file:///folder")
    .requiredOption("--key <key>", "the snapshot's key within the store, below its prefix")
    .option("--s3-endpoint <url>", "URL of the S3 server; AWS when left out")
    .option("--s3-region <region>", "region of the bucket")
    .option("--s3-force-path-style", "put the bucket into the path of a URL, not into its host name")
    .option(
      "--result-file <file>",
      "where the result goes besides the log (default: a container's termination message)",
    )
    .allowExcessArguments(false)
    .addHelpText(
      "after",
      `
The keys of a bucket are taken from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or from the pod's own role without them.
The last line is the result as JSON: {"ok":true,…} or {"ok":false,"error":{"code","message","retryable"}}.
Exit codes: 0 done; 1 another try may help; 2 only a person can help.`,
    );
}

/** Where a backup's Job runs unless told otherwise: an emptyDir of its pod. */
export const WORK_FOLDER = "/tmp";

/** As a shell says it. All work can be ended at any moment: the next try goes on or begins anew. */
const EXIT_BY_SIGTERM = 143;

/** Runs the work of a command; what it does not come to is a JobFailed. */
export async function runWork<F extends StoreFlags>(
  work: (flags: F, environment: JobEnvironment) => Promise<number>,
  flags: F & { readonly resultFile?: string },
  { out }: Terminal,
): Promise<void> {
  const log = (line: string): void => out(`${line}\n`);
  process.once("SIGTERM", end);
  try {
    const exitCode = await work(flags, { variables: process.env, log, resultFile: flags.resultFile });
    if (exitCode !== 0) throw new JobFailed(exitCode);
  } finally {
    process.off("SIGTERM", end);
  }
}

/** A container's first process is not ended by the signal itself. */
function end(): never {
  process.exit(EXIT_BY_SIGTERM);
}
