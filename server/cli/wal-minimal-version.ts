import type { Index } from "../base/ids.ts";
import type { MinorVersion } from "../base/minor-version.ts";
import { newerOf, versionNeeded } from "../cluster/entry-version.ts";
import { nodeDisk } from "../host/node-disk.ts";
import { readWal } from "../wal/wal-contents.ts";

/** The newest release that an entry after the last snapshot needs, as far as that is newer than 3.5. */
export async function newestVersionInLog(folder: string): Promise<MinorVersion | undefined> {
  const found: { readonly index: Index; readonly version: MinorVersion }[] = [];
  let [snapshotIndex, commit] = [0, 0];
  await readWal(nodeDisk, folder, (item) => {
    if (item.kind === "hard-state") ({ commit } = item.hardState);
    else if (item.kind === "snapshot" && item.snapshot.index <= commit) snapshotIndex = item.snapshot.index;
    else if (item.kind === "entry") {
      const version = versionNeeded(item.entry);
      if (version !== undefined) found.push({ index: item.entry.index, version });
    }
  });
  const after = found.filter(({ index }) => index > snapshotIndex).map(({ version }) => version);
  return after.reduce<MinorVersion | undefined>(newerOf, undefined);
}
