import { must } from "../base/assert.ts";
import {
  isBefore,
  minorText,
  parseStored,
  STORAGE_VERSION_SINCE,
  storageVersionRow,
  storedText,
  UNSAID_STORAGE_VERSION,
  updateRefusal,
  type MinorVersion,
} from "../base/minor-version.ts";
import { bucketKey, META } from "../backend/buckets.ts";
import type { Store } from "../backend/store.ts";
import { readUint64 } from "../backend/uint64.ts";
import { nodeDisk } from "../host/node-disk.ts";
import { walExists } from "../wal/wal.ts";
import { CommandError } from "./command-error.ts";
import { withStoppedMember } from "./stopped-member.ts";
import { toolLog } from "./tool-log.ts";
import { newestVersionInLog } from "./wal-minimal-version.ts";

export interface Migration {
  readonly dataDir: string;
  readonly target: MinorVersion;
  readonly isForced: boolean;
}

/** Brings the storage version of a stopped member's data to the target, by the steps that etcd 3.6 knows. */
export async function migrateStorageVersion({ dataDir, target, isForced }: Migration): Promise<void> {
  await withStoppedMember(dataDir, "stop it first", async ({ folder, store }) => {
    const current = await detectVersion(store);
    if (minorText(current) === minorText(target)) {
      toolLog("info", "storage version up-to-date", { "storage-version": minorText(current) });
      return;
    }
    if (!(await walExists(nodeDisk, folder.wal))) {
      throw new CommandError(`failed to open wal: ${folder.wal} holds no write-ahead log`);
    }
    const needed = await newestVersionInLog(folder.wal);
    const refusal = updateRefusal(current, target, () => needed);
    if (refusal === undefined) {
      await setVersion(store, target);
      toolLog("info", "updated storage version", { "new-storage-version": storedText(target) });
      return;
    }
    if (!isForced) throw new CommandError(refusal);
    toolLog("info", "normal migrate failed, trying with force", { error: refusal });
    await setVersion(store, target);
    if (isBefore(target, STORAGE_VERSION_SINCE)) toolLog("warn", "forcefully cleared storage version", {});
    else toolLog("warn", "forcefully set storage version", { "storage-version": minorText(target) });
  });
}

/** The version that the rows say; 3.5 said none, but wrote the term, and what is older cannot be told. */
async function detectVersion(store: Store): Promise<MinorVersion> {
  const [stored, term] = await store.getMany([META.storageVersion, META.term].map((row) => bucketKey("meta", row)));
  if (stored !== undefined) {
    const text = new TextDecoder().decode(stored);
    return must(parseStored(text), "a stored version has the form X.Y.Z");
  }
  if (term === undefined || readUint64(term) === 0) throw new CommandError("missing term information");
  return UNSAID_STORAGE_VERSION;
}

async function setVersion(store: Store, target: MinorVersion): Promise<void> {
  const key = bucketKey("meta", META.storageVersion);
  const row = storageVersionRow(target);
  await store.write([{ key, value: row === undefined ? undefined : new TextEncoder().encode(row) }], { sync: true });
}
