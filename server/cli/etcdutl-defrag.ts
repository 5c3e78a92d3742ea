import type { Command } from "commander";
import { ALL_BUCKETS, bucketKey, PRIVATE, PRIVATE_ROWS } from "../backend/buckets.ts";
import { requireFlags } from "./cobra-arguments.ts";
import { CommandError, explain } from "./command-error.ts";
import { subcommand } from "./command-line.ts";
import { withStoppedMember } from "./stopped-member.ts";
import { toolLog } from "./tool-log.ts";

/** `etcdutl defrag`: gives the space of deleted rows back while the member is stopped. */
export function addDefragCommand(program: Command): void {
  subcommand(program, "defrag")
    .description("give the space of deleted rows of a stopped member back to the file system")
    .option("--data-dir <folder>", "required: the data dir, which no member uses now")
    .addHelpText(
      "after",
      `
The store is compacted in place, and the size that counts for the quota becomes the size of what is there. Keys,
revisions and hashes stay what they are. A running member is defragmented by 'etcdctl defrag', without a stop.`,
    )
    .action(async (flags: { readonly dataDir?: string }) => {
      const { dataDir } = requireFlags(flags, { dataDir: "data-dir" });
      try {
        await defragment(dataDir);
      } catch (error) {
        const explained = explain(error);
        if (explained === undefined) throw error;
        const line = `Failed to defragment etcd data[${dataDir}] (${explained.line})`;
        throw new CommandError(line, explained.exitCode, { cause: error });
      }
    });
}

async function defragment(dataDir: string): Promise<void> {
  const instead = 'to defragment it without a stop use "etcdctl defrag"';
  await withStoppedMember(dataDir, instead, async ({ folder, store }) => {
    const startMs = performance.now();
    const before = await store.sizeOnDisk();
    toolLog("info", "defragmenting", { path: folder.member, "current-db-size-bytes": before });
    // Without the size that was written down, the next start counts the rows that there are.
    await store.write([{ key: bucketKey(PRIVATE, PRIVATE_ROWS.dbSize), value: undefined }], { sync: true });
    await store.compact(ALL_BUCKETS);
    const after = await store.sizeOnDisk();
    toolLog("info", "finished defragmenting directory", {
      path: folder.member,
      "current-db-size-bytes-diff": after - before,
      "current-db-size-bytes": after,
      took: `${(performance.now() - startMs).toFixed(1)}ms`,
    });
  });
}
