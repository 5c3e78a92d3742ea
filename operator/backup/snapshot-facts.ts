import { META } from "../../server/backend/buckets.ts";
import { equalBytes } from "../../server/base/bytes.ts";
import { crc32c } from "../../server/base/crc32c.ts";
import { HashKv, KeepSet } from "../../server/mvcc/hash.ts";
import { decodeRevision, type RevisionKey } from "../../server/mvcc/revision.ts";
import type { DiskFile } from "../../server/ports/disk.ts";
import { BboltReader } from "../../server/snapshot/bbolt-reader.ts";
import { SnapshotError } from "../../server/snapshot/snapshot-error.ts";
import { userKey } from "../../server/snapshot/snapshot-file.ts";
import { ChangedKeys } from "./changed-keys.ts";

/** What a snapshot says about itself. All of it comes from its own bytes, so it belongs to these and no other state. */
export interface SnapshotFacts {
  /** The store's revision: what a member restored from it answers. */
  readonly revision: number;
  /** Up to where history is compacted, or is being; -1 if it never was. */
  readonly compactRevision: number;
  /** HashKV at the revision, as `etcdutl hashkv` and `etcdctl endpoint hashkv` say it. */
  readonly hashKv: number;
  /** What `etcdutl snapshot status` prints as hash: over all buckets. */
  readonly statusHash: number;
  /** Without the hash at the end of the file. */
  readonly databaseBytes: number;
  /** Empty in files of etcd before 3.6. */
  readonly storageVersion: string;
  readonly raftTerm: number;
  readonly raftIndex: number;
}

/**
 * Reads a whole database, every page and row of it, and works out what it holds. Whatever is damaged in its structure is a
 * SnapshotError. Memory grows by 24 bytes or so for each key that was changed since the last compaction, and no more.
 */
export async function snapshotFacts(file: DiskFile): Promise<SnapshotFacts> {
  const reader = await BboltReader.open(file);
  const meta = await readMeta(reader, file);
  const history = new History(file, meta);
  const { statusHash, lastRevision } = await readAll(reader, file, history);
  const revision = Math.max(1, lastRevision, meta.scheduled, meta.finished);
  const hashKv = await hashOf(reader, file, history, revision);
  const { storageVersion, raftTerm, raftIndex } = meta;
  const { databaseBytes } = reader;
  return {
    revision,
    compactRevision: history.compactRevision,
    hashKv,
    statusHash,
    databaseBytes,
    storageVersion,
    raftTerm,
    raftIndex,
  };
}

interface MetaRows {
  /** Of the last compaction that was asked for, and of the last that was carried out; -1 if there was none. */
  readonly scheduled: number;
  readonly finished: number;
  readonly storageVersion: string;
  readonly raftTerm: number;
  readonly raftIndex: number;
}

async function readMeta(reader: BboltReader, file: DiskFile): Promise<MetaRows> {
  const buckets = await reader.buckets();
  if (!buckets.includes("meta")) throw new SnapshotError("it has no bucket meta", file.path);
  const rows: (readonly [Uint8Array, Uint8Array])[] = [];
  for await (const slice of reader.rows("meta"))
    for (const [key, value] of slice) rows.push([key.slice(), value.slice()]);
  const row = (name: Uint8Array): Uint8Array | undefined => rows.find(([key]) => equalBytes(key, name))?.[1];
  const compaction = (name: Uint8Array): number => {
    const value = row(name);
    return value ? revisionOf(file, value).main : -1;
  };
  return {
    scheduled: compaction(META.scheduledCompactRevision),
    finished: compaction(META.finishedCompactRevision),
    storageVersion: new TextDecoder().decode(row(META.storageVersion)),
    raftTerm: counter(row(META.term)),
    raftIndex: counter(row(META.consistentIndex)),
  };
}

function counter(bytes: Uint8Array | undefined): number {
  return bytes?.length === 8 ? Number(Buffer.from(bytes).readBigUInt64BE()) : 0;
}

/** All buckets in order: their hash, and what HashKV needs to know before it begins. */
async function readAll(reader: BboltReader, file: DiskFile, history: History) {
  let [statusHash, lastRevision] = [0, 0];
  for (const bucket of await reader.buckets()) {
    statusHash = crc32c(Buffer.from(bucket), statusHash);
    for await (const rows of reader.rows(bucket)) {
      for (const [key, value] of rows) {
        statusHash = crc32c(value, crc32c(key, statusHash));
        if (bucket !== "key") continue;
        const revision = revisionOf(file, key);
        history.see(revision, value);
        lastRevision = revision.main;
      }
    }
  }
  return { statusHash, lastRevision };
}

async function hashOf(reader: BboltReader, file: DiskFile, history: History, revision: number): Promise<number> {
  const { compactRevision } = history;
  const isAnythingKept = compactRevision >= 0 && (await hasLiveKey(reader, file, history));
  // Rows that a compaction would delete are left out here; with an empty set HashKv does not look for them itself.
  const hash = new HashKv({ revision, compactRevision, keep: new KeepSet(compactRevision) });
  for await (const rows of reader.rows("key")) {
    for (const [key, value] of rows) {
      if (isAnythingKept && !history.isKept(revisionOf(file, key), value)) continue;
      hash.row(key, value);
    }
  }
  return hash.result().hash;
}

/** Nearly always the first row tells. */
async function hasLiveKey(reader: BboltReader, file: DiskFile, history: History): Promise<boolean> {
  if (history.changed.hasLiveKey()) return true;
  for await (const rows of reader.rows("key"))
    if (rows.some(([key, value]) => history.isLive(revisionOf(file, key), value))) return true;
  return false;
}

/**
 * Which rows up to the compaction are still the newest of their key. Up to the compaction that was carried out, each key
 * has one row at most: so only keys with later rows have to be known.
 */
class History {
  readonly compactRevision: number;
  readonly changed = new ChangedKeys();
  readonly #file: DiskFile;
  readonly #finished: number;

  constructor(file: DiskFile, { scheduled, finished }: MetaRows) {
    this.#file = file;
    this.#finished = finished;
    this.compactRevision = Math.max(scheduled, finished);
  }

  /** Sees each row of bucket key in order. Without a compaction all rows count, and nothing has to be known. */
  see(revision: RevisionKey, value: Uint8Array): void {
    if (this.compactRevision < 0 || revision.main <= this.#finished) return;
    this.changed.set(userKey(this.#file, value), revision);
  }

  /** Whether the row stays at a compaction to the end. Rows after the present one are not asked about. */
  isKept(revision: RevisionKey, value: Uint8Array): boolean {
    return revision.main > this.compactRevision || this.isLive(revision, value);
  }

  /** Whether the row is the newest of its key and no deletion. */
  isLive({ main, sub, isTombstone }: RevisionKey, value: Uint8Array): boolean {
    if (isTombstone) return false;
    const newest = this.changed.get(userKey(this.#file, value));
    return newest === undefined || (newest.main === main && newest.sub === sub);
  }
}

function revisionOf(file: DiskFile, row: Uint8Array): RevisionKey {
  const revision = decodeRevision(row);
  if (!revision) throw new SnapshotError("a key of bucket key is no revision", file.path);
  return revision;
}
