import type { Command } from "commander";
import { STORAGE_VERSION_SINCE, isBefore, minorText, type MinorVersion } from "../base/minor-version.ts";
import { requireFlags } from "./cobra-arguments.ts";
import { CommandError, ExitCode } from "./command-error.ts";
import { subcommand } from "./command-line.ts";
import { migrateStorageVersion } from "./migrate-storage-version.ts";

const OLDEST: MinorVersion = { major: 3, minor: 5 };

/** `etcdutl migrate`: changes which release's snapshots a member's data stand for. */
export function addMigrateCommand(program: Command): void {
  subcommand(program, "migrate")
    .description("change the storage version of a stopped member's data")
    .option("--data-dir <folder>", "required: the data dir, which no member uses now")
    .option("--target-version <X.Y>", "required: the storage version to go to, at least 3.5")
    .option("--force", "set the version also where there is no way to it; not recommended")
    .addHelpText(
      "after",
      `
The storage version is the row that says which release of etcd understands the rows of a snapshot. ${minorText(STORAGE_VERSION_SINCE)} has it; 3.5 is
told by its absence. That is all that differs between the two, in etcd and here, and all that this command changes:
what a member makes of its data afterwards is a snapshot of that release. How Kvorum lays its files out has a version of
its own, which a member checks and brings up by itself when it starts.`,
    )
    .action(async (flags: { readonly dataDir?: string; readonly targetVersion?: string; readonly force?: boolean }) => {
      const names = { dataDir: "data-dir", targetVersion: "target-version" } as const;
      const { dataDir, targetVersion } = requireFlags(flags, names);
      await migrateStorageVersion({ dataDir, target: parseTarget(targetVersion), isForced: flags.force ?? false });
    });
}

function parseTarget(text: string): MinorVersion {
  const parts = text.split(".");
  if (parts.length !== 2) fail(`wrong target version format, expected "X.Y", got ${JSON.stringify(text)}`);
  const [major = 0, minor = 0] = parts.map((part) => {
    if (!/^\d+$/.test(part)) {
      fail(`failed to parse target version: strconv.ParseInt: parsing ${JSON.stringify(part)}: invalid syntax`);
    }
    return Number(part);
  });
  const target = { major, minor };
  if (isBefore(target, OLDEST)) fail(`target version "${minorText(target)}" not supported. Minimal "3.5"`);
  return target;
}

function fail(reason: string): never {
  throw new CommandError(reason, ExitCode.badArguments);
}
