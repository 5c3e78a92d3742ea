import { Command, CommanderError } from "commander";
import { ConfigError } from "../config/config.ts";
import { FAILPOINTS } from "../config/failpoints.ts";
import { OPERATOR_VERSION } from "../config/version.ts";
import { ConnectionError } from "../kube/connection.ts";
import { ListenError } from "../observability/health-server.ts";
import { addBackupDeleteCommand } from "./backup-delete.ts";
import { addBackupUploadCommand } from "./backup-upload.ts";
import { addBackupVerifyCommand } from "./backup-verify.ts";
import { JobFailed } from "./job-failed.ts";
import { addRestoreFetchCommand } from "./restore-fetch.ts";
import { addRunCommand } from "./run-command.ts";
import type { Terminal } from "./terminal.ts";

/** Exit codes: what went wrong may go away by itself, or has to be written differently. */
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/**
 * The subcommands; each adds itself to the program. One that does its work in a Job (an upload, a download) is another
 * line here and a file beside this one.
 */
const COMMANDS: readonly ((program: Command, terminal: Terminal) => void)[] = [
  addRunCommand,
  addBackupUploadCommand,
  addBackupVerifyCommand,
  addBackupDeleteCommand,
  addRestoreFetchCommand,
  addFailpointsCommand,
  addVersionCommand,
];

/** The `kvorum-operator` command; its exit code. */
export async function operatorMain(args: readonly string[], terminal: Terminal): Promise<number> {
  const output = { writeOut: terminal.out, writeErr: terminal.err, outputError: () => {} };
  const program = new Command("kvorum-operator")
    .description("Runs etcd-compatible Kvorum clusters on Kubernetes.")
    .helpCommand(false)
    .exitOverride()
    .configureHelp({ helpWidth: 120 })
    .configureOutput(output);
  for (const add of COMMANDS) add(program, terminal);
  try {
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    return explain(error, terminal);
  }
}

/** Says in words what is wrong and returns the exit code; a bug is thrown on, with its stack. */
function explain(error: unknown, { err }: Terminal): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    if (error.code !== "commander.help") {
      err(`Error: ${error.message.replace(/^error: /, "")}\nRun "kvorum-operator --help" for what there is.\n`);
    }
    return EXIT_USAGE;
  }
  // It has said why itself, as its last line.
  if (error instanceof JobFailed) return error.exitCode;
  if (error instanceof ConfigError || error instanceof ConnectionError || error instanceof ListenError) {
    for (const line of error.message.split("\n")) err(`Error: ${line}\n`);
    return error instanceof ConfigError ? EXIT_USAGE : EXIT_FAILED;
  }
  throw error;
}

function addVersionCommand(program: Command, { out }: Terminal): void {
  program
    .command("version")
    .description("print the version")
    .action(() => out(`kvorum-operator ${OPERATOR_VERSION}\n`));
}

function addFailpointsCommand(program: Command, { out }: Terminal): void {
  program
    .command("failpoints")
    .description("list where tests can end, break or hold it: KVORUM_FAILPOINTS=NAME[:exit|:error|:pause=MS],…")
    .action(() => {
      const width = Math.max(...Object.keys(FAILPOINTS).map((name) => name.length));
      for (const [name, meaning] of Object.entries(FAILPOINTS)) out(`${name.padEnd(width)}  ${meaning}\n`);
    });
}
