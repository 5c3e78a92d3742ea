import type { Command } from "commander";
import type { Revision } from "../base/ids.ts";
import type { HashKvResult } from "../mvcc/hash.ts";
import { exactlyOne } from "./cobra-arguments.ts";
import { CommandError } from "./command-error.ts";
import { subcommand } from "./command-line.ts";
import { hashKvOfFile } from "./hash-kv-of-file.ts";
import { resultPrinter, type Result } from "./result-printer.ts";

/** `etcdutl hashkv`: the hash by which members are compared, of a file. */
export function addHashKvCommand(program: Command): void {
  subcommand(program, "hashkv")
    .description("print the hash of the key history in a snapshot file")
    .argument("[file]", "what 'etcdctl snapshot save' wrote, or the data dir of a stopped Kvorum member")
    .option("--rev <revision>", "hash up to this revision; 0: the last one", "0")
    .addHelpText(
      "after",
      `
Prints hash, the revision it was taken at and the last compaction: what 'etcdctl endpoint hashkv' prints of a running
member. Two members, or a member and a backup of it, hold the same history if these agree at the same revision.

Of a member's data dir it hashes what is in its store: entries that are only in its log yet come with its next start.`,
    )
    .action(async (_file: unknown, flags: { readonly rev: string }, command: Command) => {
      const revision = parseRevision(flags.rev);
      const file = exactlyOne(command.args);
      const format: { writeOut: string } = command.optsWithGlobals();
      const print = resultPrinter(format.writeOut);
      process.stdout.write(print(hashResult(await hashKvOfFile(file, revision))));
    });
}

function hashResult({ hash, revision, compactRevision }: HashKvResult): Result {
  return {
    json: { hash, hashRevision: revision, compactRevision },
    fields: [
      ["Hash", hash],
      ["Hash revision", revision],
      ["Compact revision", compactRevision],
    ],
    columns: [
      ["HASH", String(hash)],
      ["HASH REVISION", String(revision)],
      ["COMPACT REVISION", String(compactRevision)],
    ],
  };
}

/** Go's words for what is no int64; beyond 2^53 there are no revisions. */
function parseRevision(text: string): Revision {
  const fail = (reason: string): never => {
    const value = JSON.stringify(text);
    throw new CommandError(`invalid argument ${value} for "--rev" flag: strconv.ParseInt: parsing ${value}: ${reason}`);
  };
  if (!/^[+-]?(\d+|0x[0-9a-f]+)$/i.test(text)) fail("invalid syntax");
  const magnitude = Number(text.replace(/^[+-]/, ""));
  if (!Number.isSafeInteger(magnitude)) fail("value out of range");
  return text.startsWith("-") ? -magnitude : magnitude;
}
