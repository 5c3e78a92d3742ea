import type { Command } from "commander";
import { ETCD_VERSION, KVORUM_VERSION } from "../base/versions.ts";
import { nodeDisk } from "../host/node-disk.ts";
import { BboltReader } from "../snapshot/bbolt-reader.ts";
import { snapshotStatus } from "../snapshot/snapshot-file.ts";
import { CommandError } from "./command-error.ts";
import { onlyArgument, runTool, subcommand, toolCommand, withPlainSwitches } from "./command-line.ts";
import { addCompletionCommand } from "./etcdutl-completion.ts";
import { addDefragCommand } from "./etcdutl-defrag.ts";
import { addHashKvCommand } from "./etcdutl-hashkv.ts";
import { addMigrateCommand } from "./etcdutl-migrate.ts";
import { withWholeNames } from "./etcdutl-names.ts";
import { addRestoreCommand } from "./etcdutl-restore.ts";
import { resultPrinter } from "./result-printer.ts";
import { statusResult } from "./snapshot-status-output.ts";

const SWITCHES = ["skip-hash-check", "mark-compacted", "force"];

/** The `etcdutl` command: etcd's tool for snapshot files, over Kvorum's data dirs. */
export async function etcdutlMain(args: readonly string[]): Promise<void> {
  const program = etcdutlCommand();
  await runTool(program, withPlainSwitches(withWholeNames(program, args), SWITCHES));
}

/** All of its commands. */
export function etcdutlCommand(): Command {
  const program = toolCommand("etcdutl")
    .description("Works on snapshot files and on the data dirs of stopped members.")
    .option("-w, --write-out <format>", "how results are printed: simple, table, json or fields", "simple")
    .addHelpText(
      "after",
      `
From a backup to a running member:
  etcdctl snapshot save backup.db                        # on a live cluster
  etcdutl snapshot status backup.db -w table             # what is in it?
  etcdutl snapshot restore backup.db --data-dir new.etcd # a data dir of a new cluster
  etcd --data-dir new.etcd                               # serve it`,
    );
  addDefragCommand(program);
  const snapshot = subcommand(program, "snapshot").description("snapshot files: look into one, restore one");
  addStatusCommand(snapshot);
  addRestoreCommand(snapshot);
  addHashKvCommand(program);
  addVersionCommand(program);
  addCompletionCommand(program);
  addMigrateCommand(program);
  return program;
}

function addVersionCommand(program: Command): void {
  subcommand(program, "version")
    .description("print the versions of this tool")
    .action(() => {
      const [major, minor] = ETCD_VERSION.split(".");
      process.stdout.write(
        `etcdutl version: ${ETCD_VERSION}\nAPI version: ${major}.${minor}\nKvorum version: ${KVORUM_VERSION}\n`,
      );
    });
}

function addStatusCommand(snapshot: Command): void {
  subcommand(snapshot, "status")
    .description("print hash, revision, number of keys, size and version of a snapshot file")
    .argument("[file]", "what 'etcdctl snapshot save' wrote")
    .addHelpText(
      "after",
      `
The whole file is read and its structure checked; nothing is changed. The hash covers all buckets, so it tells apart
two files of one cluster; it is not the hash of 'etcdctl endpoint hashkv'. Only a restore checks the SHA-256 at the end.`,
    )
    .action(async (_file: unknown, _options: unknown, command: Command) => {
      const file = onlyArgument(command.args, "snapshot status");
      const format: { writeOut: string } = command.optsWithGlobals();
      const print = resultPrinter(format.writeOut);
      process.stdout.write(print(statusResult(await readStatus(file))));
    });
}

/** The status of a file; whatever is wrong with it is an outcome that `explain` knows. */
export async function readStatus(path: string): ReturnType<typeof snapshotStatus> {
  if (!(await nodeDisk.exists(path))) throw new CommandError(`stat ${path}: no such file or directory`);
  const file = await nodeDisk.open(path, "read");
  try {
    if (!(await BboltReader.isDatabase(file))) throw new CommandError("invalid database");
    return await snapshotStatus(file);
  } finally {
    await file.close();
  }
}
