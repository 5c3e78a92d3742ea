import { Command, CommanderError } from "commander";
import { ConfigError } from "../config/config.ts";
import { FAILPOINTS } from "../config/failpoints.ts";
import { OPERATOR_VERSION } from "../config/version.ts";
import { ConnectionError } from "../kube/connection.ts";
import { addBackupDeleteCommand } from "./backup-delete.ts";
import { addBackupUploadCommand } from "./backup-upload.ts";
import { addBackupVerifyCommand } from "./backup-verify.ts";
import { addRestoreFetchCommand } from "./restore-fetch.ts";
import { addRunCommand } from "./run-command.ts";

/** Exit codes: what went wrong may go away by itself, or has to be written differently. */
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/**
 * The subcommands; each adds itself to the program. One that does its work in a Job (an upload, a download) is another
 * line here and a file beside this one.
 */
const COMMANDS: readonly ((program: Command) => void)[] = [
  addRunCommand,
  addBackupUploadCommand,
  addBackupVerifyCommand,
  addBackupDeleteCommand,
  addRestoreFetchCommand,
  addFailpointsCommand,
  addVersionCommand,
];

/** The `kvorum-operator` command. */
export async function operatorMain(args: readonly string[]): Promise<void> {
  const program = new Command("kvorum-operator")
    .description("Runs etcd-compatible Kvorum clusters on Kubernetes.")
    .helpCommand(false)
    .exitOverride()
    .configureHelp({ helpWidth: 120 })
    .configureOutput({ outputError: () => {} });
  for (const add of COMMANDS) add(program);
  for (const command of program.commands) command.exitOverride().configureOutput({ outputError: () => {} });
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    process.exitCode = explain(error);
  }
}

/** Says in words what is wrong and returns the exit code; a bug is thrown on, with its stack. */
function explain(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    if (error.code !== "commander.help") {
      process.stderr.write(`Error: ${error.message.replace(/^error: /, "")}\n`);
      process.stderr.write('Run "kvorum-operator --help" for what there is.\n');
    }
    return EXIT_USAGE;
  }
  if (error instanceof ConfigError || error instanceof ConnectionError) {
    for (const line of error.message.split("\n")) process.stderr.write(`Error: ${line}\n`);
    return error instanceof ConfigError ? EXIT_USAGE : EXIT_FAILED;
  }
  throw error;
}

function addVersionCommand(program: Command): void {
  program
    .command("version")
    .description("print the version")
    .action(() => {
      process.stdout.write(`kvorum-operator ${OPERATOR_VERSION}\n`);
    });
}

function addFailpointsCommand(program: Command): void {
  program
    .command("failpoints")
    .description(
      "list the places where KVORUM_FAILPOINTS=NAME[:exit|:error|:pause=MS],… ends, breaks or holds it in tests",
    )
    .action(() => {
      const width = Math.max(...Object.keys(FAILPOINTS).map((name) => name.length));
      for (const [name, meaning] of Object.entries(FAILPOINTS)) {
        process.stdout.write(`${name.padEnd(width)}  ${meaning}\n`);
      }
    });
}
