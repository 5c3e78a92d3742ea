import { messageOf } from "../base/message-of.ts";
import type { Bucket } from "../backend/buckets.ts";
import { bucketRange, splitBucketKey } from "../backend/buckets.ts";
import { StateMachine } from "../apply/state-machine.ts";
import type { Revision } from "../base/ids.ts";
import { DomainError } from "../base/domain-error.ts";
import { atOnce } from "../base/slices.ts";
import { nodeDisk } from "../host/node-disk.ts";
import { HashKv, KeepSet, type HashKvResult } from "../mvcc/hash.ts";
import { loadStore } from "../node/load-store.ts";
import type { DiskFile } from "../ports/disk.ts";
import { BboltReader } from "../snapshot/bbolt-reader.ts";
import { SnapshotError } from "../snapshot/snapshot-error.ts";
import { readDatabase } from "../snapshot/snapshot-file.ts";
import { CommandError } from "./command-error.ts";
import { withStoppedMember } from "./stopped-member.ts";

/** The buckets that say what the key space is; leases come before the rows that say which keys have one. */
const LOADED: readonly Bucket[] = ["key", "lease", "meta"];
/** Rows of a store that are hashed in one go. */
const SLICE_BYTES = 1024 * 1024;

/**
 * HashKV at a revision (0: the last one) of a snapshot file, of etcd's or ours, or of a stopped member's data dir: the
 * number that the members' HashKV call gives. Holds the index of all keys in memory, as a member does.
 */
export async function hashKvOfFile(path: string, revision: Revision): Promise<HashKvResult> {
  if (!(await nodeDisk.exists(path))) throw new CommandError(`stat ${path}: no such file or directory`);
  if (await isFolder(path)) return hashOfMember(path, revision);
  const file = await nodeDisk.open(path, "read");
  try {
    if (!(await BboltReader.isDatabase(file))) throw new CommandError("invalid database");
    return await hashOfDatabase(file, revision);
  } finally {
    await file.close();
  }
}

async function isFolder(path: string): Promise<boolean> {
  return nodeDisk.list(path).then(
    () => true,
    () => false,
  );
}

async function hashOfDatabase(file: DiskFile, revision: Revision): Promise<HashKvResult> {
  const machine = emptyMachine();
  try {
    const loader = machine.loader();
    for await (const rows of readDatabase(file)) {
      for (const { bucket, key, value } of rows) if (isLoaded(bucket)) loader.bucketRow(bucket, key, value);
    }
    loader.finish();
  } catch (error) {
    if (error instanceof SnapshotError) throw error;
    const reason = messageOf(error);
    throw Object.assign(new SnapshotError(`its keys cannot be read: ${reason}`, file.path), { cause: error });
  }
  const hash = hasherAt(machine, revision);
  for await (const rows of readDatabase(file)) {
    for (const { bucket, key, value } of rows) if (bucket === "key") hash.row(key, value);
  }
  return hash.result();
}

function hashOfMember(dataDir: string, revision: Revision): Promise<HashKvResult> {
  const instead = 'stop it first, or ask it with "etcdctl endpoint hashkv"';
  return withStoppedMember(dataDir, instead, async ({ store }) => {
    const machine = emptyMachine();
    await loadStore(store, machine);
    const hash = hasherAt(machine, revision);
    const scan = store.scan(bucketRange("key"));
    try {
      for (;;) {
        const rows = await scan.next(SLICE_BYTES);
        if (rows.length === 0) return hash.result();
        for (const [key, value] of rows) hash.row(splitBucketKey(key).key, value);
      }
    } finally {
      await scan.close();
    }
  });
}

function isLoaded(bucket: string): bucket is Bucket {
  return (LOADED as readonly string[]).includes(bucket);
}

/** A machine that only reads. */
function emptyMachine(): StateMachine {
  return new StateMachine({
    memberId: 0n,
    quotaBytes: 0,
    maxLearners: 1,
    minLeaseTtlSeconds: 1,
    valueCacheBytes: 0,
    persistLeaseCheckpoints: false,
  });
}

function hasherAt({ mvcc }: StateMachine, revision: Revision): HashKv {
  try {
    const { compactRevision } = mvcc;
    // A revision below 0 is before all rows: etcdutl takes it and hashes none.
    if (revision < 0) return new HashKv({ revision, compactRevision, keep: new KeepSet(compactRevision) });
    const point = mvcc.hashPoint(revision);
    return new HashKv({ ...point, keep: atOnce(mvcc.keepSlices(point)) });
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const reason = error.fault === "compacted" ? "has been compacted" : "is a future revision";
    throw new CommandError(`mvcc: required revision ${reason}`, 1, { cause: error });
  }
}
