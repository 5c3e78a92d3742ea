import type { Command } from "commander";
import { KVORUM_VERSION } from "../base/versions.ts";
import { nodeDisk } from "../host/node-disk.ts";
import { dataFolder } from "../node/data-folder.ts";
import { walExists } from "../wal/wal.ts";
import { CommandError, ExitCode } from "./command-error.ts";
import { onlyArgument, runTool, subcommand, toolCommand } from "./command-line.ts";
import { addMemberCommand } from "./member.ts";
import { dumpLog, type DumpFormat } from "./dump-log.ts";

/** The `kvorum` command: what etcd's tools have no word for. */
export async function kvorumMain(args: readonly string[]): Promise<void> {
  const program = toolCommand("kvorum")
    .description(
      "Runs a member under the operator, and looks into a member's data. For snapshots see etcdutl, for a running cluster etcdctl.",
    )
    .version(`kvorum ${KVORUM_VERSION}`, "--version", "print the version");
  addMemberCommand(program);
  addDumpLogCommand(program);
  await runTool(program, args);
}

function addDumpLogCommand(program: Command): void {
  subcommand(program, "dump-log")
    .description("print the committed entries of a member's log")
    .argument("[data-dir]", "the member's data dir")
    .option("--format <format>", "requests: bytes for programs; text: lines for people", "requests")
    .option("--wal-dir <folder>", "where the log is if the member runs with --wal-dir", "")
    .addHelpText(
      "after",
      `
Reads only, takes no lock: works beside a running member, after a kill -9, and on a data dir of etcd itself.

  requests   each committed request since index 1, in log order: its length as varint, then an
             etcdserverpb.InternalRaftRequest. Nothing else is written to standard output.
  text       one line for each entry: index, term, type and content as JSON, membership changes included: a joint one
             is an entry with phase "enter-joint" and a later one with phase "leave-joint".

  kvorum dump-log default.etcd --format text | tail

Damage ends it with exit code 1 and the file and the offset of the record that cannot be read; a write that was cut
short at the very end is no damage.`,
    )
    .action(async (_folder: unknown, flags: { format: string; walDir: string }, command: Command) => {
      const root = onlyArgument(command.args, "dump-log");
      const folder = flags.walDir || dataFolder(root, undefined).wal;
      if (!(await walExists(nodeDisk, folder))) throw new CommandError(`${folder} holds no write-ahead log`);
      await dumpLog(folder, parseFormat(flags.format));
    });
}

function parseFormat(text: string): DumpFormat {
  if (text === "requests" || text === "text") return text;
  throw new CommandError(`unknown format "${text}": use requests or text`, ExitCode.badArguments);
}
