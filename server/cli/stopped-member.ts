import { join } from "node:path";
import type { Store } from "../backend/store.ts";
import { openLeveldownStore } from "../host/leveldown-store.ts";
import { nodeDisk } from "../host/node-disk.ts";
import { dataFolder, newestStoreFolder, prepareDataFolder, type DataFolder } from "../node/data-folder.ts";
import { DiskError } from "../ports/disk-error.ts";
import { CommandError } from "./command-error.ts";

/** What there is of a member that does not run. */
export interface StoppedMember {
  readonly folder: DataFolder;
  readonly store: Store;
}

/**
 * Works on the data dir of a member that is stopped, under the lock that a member holds while it runs: so neither can
 * begin while the other is there. `instead` says what to do while a member runs.
 */
export async function withStoppedMember<T>(
  dataDir: string,
  instead: string,
  work: (member: StoppedMember) => Promise<T>,
): Promise<T> {
  const folder = dataFolder(dataDir, undefined);
  await checkIsOurs(folder);
  const lock = await lockOf(folder, instead);
  try {
    await prepareDataFolder(nodeDisk, folder);
    const path = await newestStoreFolder(nodeDisk, folder);
    if (path === undefined)
      throw new CommandError(`data dir ${dataDir} holds no store: no member has started on it yet`);
    const store = await openLeveldownStore(path);
    try {
      return await work({ folder, store });
    } finally {
      await store.close();
    }
  } finally {
    await lock.release();
  }
}

/** What is not there must not be made, and what etcd wrote cannot be read. */
async function checkIsOurs({ root, member }: DataFolder): Promise<void> {
  const format = join(member, "format");
  if (await nodeDisk.exists(format)) return;
  const isOfEtcd = await nodeDisk.exists(join(member, "snap/db"));
  throw new CommandError(
    isOfEtcd
      ? `data dir ${root} was written by etcd, not by Kvorum: use the etcdutl that came with that etcd`
      : `stat ${format}: no such file or directory`,
  );
}

async function lockOf({ root }: DataFolder, instead: string): ReturnType<typeof nodeDisk.lock> {
  try {
    return await nodeDisk.lock(join(root, "lock"));
  } catch (error) {
    if (!(error instanceof DiskError) || !error.message.endsWith("held by another process")) throw error;
    throw new CommandError(`data dir ${root} is in use by a running member: ${instead}`, 1, { cause: error });
  }
}
