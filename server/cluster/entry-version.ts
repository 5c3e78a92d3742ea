import { isBefore, parseStored, STORAGE_VERSION_SINCE, type MinorVersion } from "../base/minor-version.ts";
import { decodeEntryRequest } from "../proto/nested-requests.ts";
import { EntryType, type Entry } from "../proto/raft-message.ts";

/** The tag of the one field of a request that only 3.6 has; it is looked for before anything is decoded. */
const DOWNGRADE_TEST_TAG = [0xe2, 0xea, 0x04] as const;

/**
 * The newest release that one of these entries needs, as far as that is newer than 3.5; undefined if there is none. etcd's
 * logs have one such request, by which its own tests make a log that 3.5 cannot read (etcd storage/wal: MinimalEtcdVersion).
 */
export function newestVersionIn(entries: readonly Entry[]): MinorVersion | undefined {
  let newest: MinorVersion | undefined;
  for (const entry of entries) newest = newerOf(newest, versionNeeded(entry));
  return newest;
}

/** The release that one entry needs, as far as that is newer than 3.5. */
export function versionNeeded({ type, data }: Entry): MinorVersion | undefined {
  if (type !== EntryType.Normal || data === undefined || !hasTag(data)) return undefined;
  const { downgradeVersionTest } = decodeEntryRequest(data);
  if (downgradeVersionTest === undefined) return undefined;
  return newerOf(STORAGE_VERSION_SINCE, parseStored(downgradeVersionTest.ver));
}

/** The newer of two, of which either may be none. */
export function newerOf(a: MinorVersion | undefined, b: MinorVersion | undefined): MinorVersion | undefined {
  return a === undefined || (b !== undefined && isBefore(a, b)) ? b : a;
}

function hasTag(data: Uint8Array): boolean {
  const [first, second, third] = DOWNGRADE_TEST_TAG;
  for (let at = data.indexOf(first); at >= 0; at = data.indexOf(first, at + 1)) {
    if (data[at + 1] === second && data[at + 2] === third) return true;
  }
  return false;
}
