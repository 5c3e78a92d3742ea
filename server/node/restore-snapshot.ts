import { dirname, join } from "node:path";
import { messageOf } from "../base/message-of.ts";
import { equalBytes } from "../base/bytes.ts";
import { hexId } from "../base/ids.ts";
import { StateMachine } from "../apply/state-machine.ts";
import { bucketKey, META } from "../backend/buckets.ts";
import type { Store, StoreOperation } from "../backend/store.ts";
import { memberJson } from "../cluster/member-json.ts";
import { decodeRevision, encodeRevision } from "../mvcc/revision.ts";
import type { Disk, DiskFile } from "../ports/disk.ts";
import type { ConfState } from "../proto/raft-message.ts";
import { hasTrailer, readDatabase, trailerHashes } from "../snapshot/snapshot-file.ts";
import { SnapshotError } from "../snapshot/snapshot-error.ts";
import { Wal } from "../wal/wal.ts";
import { newClusterIdentity, type Identity, type InitialCluster } from "./bootstrap.ts";
import { prepareDataFolder, storeFolder, type DataFolder } from "./data-folder.ts";
import { importDatabase, positionRows } from "./import-database.ts";
import { loadStore } from "./load-store.ts";
import { encodeWalMetadata } from "./wal-survey.ts";

/**
 * Makes the data dir of a new cluster's member out of a snapshot. Keys, leases, users and alarms stay; the members
 * are those of the new cluster, whose log begins after the snapshot. All is built under names of its own beside
 * the final ones, and is checked to load; the rename of the member's folder is the last step.
 */

/** What the unfinished folder, its lock and its leftovers are called. */
const BUILDING = "member.restoring";

export interface RestoreOptions {
  readonly disk: Disk;
  readonly openStore: (folder: string) => Promise<Store>;
  readonly file: string;
  readonly folder: DataFolder;
  readonly hasOwnWalFolder: boolean;
  readonly cluster: InitialCluster;
  readonly skipHashCheck: boolean;
  /** 0: none. Otherwise all revisions up to the new one count as compacted. */
  readonly bumpRevision: number;
}

/** Why a snapshot is not restored, in etcdutl's words; nothing has been written. */
export class RestoreError extends Error {
  override readonly name = "RestoreError";
}

/** Restores; after a failure everything is as it was before. */
export async function restoreSnapshot(options: RestoreOptions): Promise<void> {
  const { disk, folder } = options;
  const database = await disk.open(options.file, "read");
  try {
    await checkFile(database, options.skipHashCheck);
    const parents = options.hasOwnWalFolder ? [folder.root, dirname(folder.wal)] : [folder.root];
    const created: NewFolder[] = [];
    try {
      for (const parent of parents) created.push(await makeFolder(disk, parent));
      await build(options, database);
      for (const parent of created) await syncUpwards(disk, parent);
    } catch (error) {
      for (const { topmost } of created.toReversed()) if (topmost !== undefined) await disk.remove(topmost);
      throw error;
    }
  } finally {
    await database.close();
  }
}

/** Refuses places that hold something already; what an interrupted restore has left does not count. */
export async function checkRestoreTarget(disk: Disk, folder: DataFolder, hasOwnWalFolder: boolean): Promise<void> {
  if (await disk.exists(folder.root)) {
    const names = await disk.list(folder.root).catch(() => ["unreadable"]);
    if (names.some((name) => !name.startsWith(BUILDING))) {
      throw new RestoreError(`data-dir ${JSON.stringify(folder.root)} not empty or could not be read`);
    }
  }
  if (hasOwnWalFolder && (await disk.exists(folder.wal))) {
    throw new RestoreError(`wal-dir ${JSON.stringify(folder.wal)} exists`);
  }
}

/** The file is whole by its own hash, as far as that is wanted, and has the buckets that it needs. */
async function checkFile(database: DiskFile, skipHashCheck: boolean): Promise<void> {
  if (!skipHashCheck) {
    if (!hasTrailer(await database.size())) {
      throw new RestoreError("snapshot missing hash but --skip-hash-check=false");
    }
    const { expected, actual } = await trailerHashes(database);
    if (!equalBytes(expected, actual)) {
      throw new RestoreError(`expected sha256 [${expected.join(" ")}], got [${actual.join(" ")}]`);
    }
  }
  for await (const rows of readDatabase(database)) if (rows.some(({ bucket }) => bucket === "meta")) return;
  throw new SnapshotError("it has no bucket meta", database.path);
}

async function build(options: RestoreOptions, database: DiskFile): Promise<void> {
  const { disk, folder, hasOwnWalFolder } = options;
  const lockFolder = join(folder.root, `${BUILDING}.lock`);
  const lock = await disk.lock(lockFolder);
  const member = join(folder.root, BUILDING);
  const wal = hasOwnWalFolder ? `${folder.wal}.restoring` : join(member, "wal");
  const building: DataFolder = { root: folder.root, member, wal, snapshots: join(member, "snap") };
  let isWalInPlace = false;
  try {
    await disk.remove(member);
    await disk.remove(wal);
    await prepareDataFolder(disk, building);
    const identity = newClusterIdentity(options.cluster);
    await makeStore(options, database, storeFolder(building, 0), identity);
    await makeWal(disk, wal, identity);
    if (hasOwnWalFolder) {
      await disk.rename(wal, folder.wal);
      isWalInPlace = true;
      await disk.syncFolder(dirname(folder.wal));
    }
    await disk.syncFolder(storeFolder(building, 0));
    await disk.syncFolder(member);
    await disk.rename(member, folder.member);
    await disk.syncFolder(folder.root);
  } catch (error) {
    await disk.remove(member);
    await disk.remove(wal);
    if (isWalInPlace) await disk.remove(folder.wal);
    throw error;
  } finally {
    await lock.release();
    await disk.remove(lockFolder);
  }
}

async function makeStore(options: RestoreOptions, database: DiskFile, path: string, identity: Identity): Promise<void> {
  const store = await options.openStore(path);
  try {
    let lastRevision = 0;
    await importDatabase(database, store, {
      visit: ({ bucket, key }) => {
        if (bucket === "key") lastRevision = decodeRevision(key)?.main ?? lastRevision;
        return bucket !== "members" && bucket !== "members_removed";
      },
      finish: () => [
        ...memberRows(identity),
        ...positionRows({ index: identity.entries.length, term: 1, confState: confStateOf(identity) }),
        ...(options.bumpRevision > 0 ? bumpRows(lastRevision + options.bumpRevision) : []),
      ],
    });
    await checkLoads(store, identity, database.path);
  } finally {
    await store.close();
  }
}

/** What a member does at its start must not fail then: a file whose hash was not checked may hold anything. */
async function checkLoads(store: Store, identity: Identity, file: string): Promise<void> {
  try {
    const limits = { quotaBytes: 0, maxLearners: 1, minLeaseTtlSeconds: 1, valueCacheBytes: 0 };
    const machine = new StateMachine({ ...limits, memberId: identity.selfId, persistLeaseCheckpoints: false });
    await loadStore(store, machine);
  } catch (error) {
    const reason = messageOf(error);
    throw Object.assign(new SnapshotError(`no member could start from it: ${reason}`, file), { cause: error });
  }
}

/** The log begins with the members; the marker says that all of it, and what came before, is in the store. */
async function makeWal(disk: Disk, folder: string, identity: Identity): Promise<void> {
  const { entries, hardState } = identity;
  const wal = await Wal.create(disk, folder, { metadata: encodeWalMetadata(identity) });
  try {
    await wal.append({ entries, hardState, sync: true });
    const snapshot = { index: entries.length, term: 1, confState: confStateOf(identity) };
    await wal.append({ entries: [], snapshot, sync: true });
  } finally {
    await wal.close();
  }
}

function memberRows({ peers }: Identity): readonly StoreOperation[] {
  return peers.map((member) => ({
    key: bucketKey("members", ascii(hexId(member.id))),
    value: new TextEncoder().encode(memberJson({ ...member, replaces: undefined })),
  }));
}

function confStateOf({ peers }: Identity): ConfState {
  return { voters: peers.map(({ id }) => id), learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };
}

/** An empty row makes the revision the last one; a compaction to it, done at the start, makes all before it unreadable. */
function bumpRows(revision: number): readonly StoreOperation[] {
  const row = encodeRevision(revision, 0, false);
  return [
    { key: bucketKey("key", row), value: new Uint8Array() },
    { key: bucketKey("meta", META.scheduledCompactRevision), value: row },
  ];
}

/** A folder that is there now, and the highest one that had to be made for it. */
interface NewFolder {
  readonly path: string;
  readonly topmost: string | undefined;
}

async function makeFolder(disk: Disk, path: string): Promise<NewFolder> {
  let topmost: string | undefined;
  for (let at = path; !(await disk.exists(at)); at = dirname(at)) topmost = at;
  await disk.makeFolder(path);
  return { path, topmost };
}

/** Makes the names of the folders that were made durable. */
async function syncUpwards(disk: Disk, { path, topmost }: NewFolder): Promise<void> {
  if (topmost === undefined) return;
  for (let at = path; ; at = dirname(at)) {
    await disk.syncFolder(dirname(at));
    if (at === topmost) return;
  }
}

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
