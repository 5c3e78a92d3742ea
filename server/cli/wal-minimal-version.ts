import type { Index } from "../base/ids.ts";
import { isBefore, parseStored, STORAGE_VERSION_SINCE, type MinorVersion } from "../base/minor-version.ts";
import { nodeDisk } from "../host/node-disk.ts";
import { decodeEntryRequest } from "../proto/nested-requests.ts";
import { EntryType, type Entry } from "../proto/raft-message.ts";
import { readWal } from "../wal/wal-contents.ts";

/** The field of a request that only 3.6 has; its two bytes of tag are looked for before anything is decoded. */
const DOWNGRADE_TEST_TAG = Buffer.from([0xe2, 0xea, 0x04]);

/**
 * The newest release that an entry after the last snapshot needs, as far as that is newer than 3.5: etcd's logs have one
 * such request, by which its own tests make a log that 3.5 cannot read. Undefined if there is none.
 */
export async function newestVersionInLog(folder: string): Promise<MinorVersion | undefined> {
  const found: { readonly index: Index; readonly version: MinorVersion }[] = [];
  let [snapshotIndex, commit] = [0, 0];
  await readWal(nodeDisk, folder, (item) => {
    if (item.kind === "hard-state") ({ commit } = item.hardState);
    else if (item.kind === "snapshot" && item.snapshot.index <= commit) snapshotIndex = item.snapshot.index;
    else if (item.kind === "entry") {
      const version = versionOf(item.entry);
      if (version !== undefined) found.push({ index: item.entry.index, version });
    }
  });
  const after = found.filter(({ index }) => index > snapshotIndex).map(({ version }) => version);
  return after.reduce<MinorVersion | undefined>((a, b) => (a === undefined || isBefore(a, b) ? b : a), undefined);
}

function versionOf({ type, data }: Entry): MinorVersion | undefined {
  if (type !== EntryType.Normal || data === undefined || !Buffer.from(data).includes(DOWNGRADE_TEST_TAG))
    return undefined;
  const { downgradeVersionTest } = decodeEntryRequest(data);
  if (downgradeVersionTest === undefined) return undefined;
  const asked = parseStored(downgradeVersionTest.ver);
  return asked !== undefined && isBefore(STORAGE_VERSION_SINCE, asked) ? asked : STORAGE_VERSION_SINCE;
}
