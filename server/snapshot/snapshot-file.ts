import { createHash } from "node:crypto";
import { equalBytes } from "../base/bytes.ts";
import { crc32c } from "../base/crc32c.ts";
import type { Revision } from "../base/ids.ts";
import type { Disk, DiskFile } from "../ports/disk.ts";
import { WireError } from "../proto/wire-error.ts";
import { WireReader } from "../proto/wire.ts";
import { BboltReader } from "./bbolt-reader.ts";
import { BboltWriter } from "./bbolt-writer.ts";
import { SnapshotError } from "./snapshot-error.ts";

/**
 * A snapshot is a bbolt database with etcd's buckets. Saved to a file it ends with the SHA-256 of the database;
 * sent to a follower it does not. A file has that trailer if its size leaves 32 when divided by 512.
 */

/** One row of a snapshot. */
export interface SnapshotRow {
  readonly bucket: string;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

const TRAILER_BYTES = 32;
const TRAILER_UNIT_BYTES = 512;
/** Hashing runs on the event loop: a piece of this size takes it well below a millisecond. */
const HASH_STEP_BYTES = 256 * 1024;
/** Row keys: main revision, underscore, sub revision, and on a tombstone one more letter. */
const REVISION_KEY_BYTES = 17;
const TOMBSTONE_KEY_BYTES = 18;
const TOMBSTONE_LETTER = 0x74;

/**
 * Writes a database to a new file, which the caller syncs if it is to stay. All the buckets named are written, also those
 * without rows; rows come in slices, by bucket and by key. Memory is bounded by one slice and a few pages.
 */
export async function writeDatabase(
  disk: Disk,
  path: string,
  buckets: readonly string[],
  slices: AsyncIterable<readonly SnapshotRow[]>,
): Promise<{ readonly databaseBytes: number }> {
  const file = await disk.open(path, "create");
  try {
    const writer = new BboltWriter(file);
    const names = new BucketSequence(buckets, writer);
    for await (const slice of slices) {
      for (const { bucket, key, value } of slice) {
        names.advanceTo(bucket);
        writer.add(key, value);
      }
      await writer.flush();
    }
    names.advanceToEnd();
    return { databaseBytes: await writer.finish() };
  } finally {
    await file.close();
  }
}

/** Begins each bucket once, in order, when its first row or that of a later one comes. */
class BucketSequence {
  readonly #names: readonly string[];
  readonly #writer: BboltWriter;
  #begun = 0;

  constructor(names: readonly string[], writer: BboltWriter) {
    this.#names = names.toSorted();
    this.#writer = writer;
  }

  advanceTo(name: string): void {
    while (this.#names[this.#begun - 1] !== name) {
      const next = this.#names[this.#begun++];
      if (next === undefined) throw new Error(`invariant violated: bucket ${name} was named and comes in order`);
      this.#writer.beginBucket(next);
    }
  }

  advanceToEnd(): void {
    const last = this.#names.at(-1);
    if (last !== undefined) this.advanceTo(last);
  }
}

/** Appends the SHA-256 that `etcdctl snapshot save` and `etcdutl snapshot restore` expect, and syncs it. */
export async function appendTrailer(disk: Disk, path: string): Promise<void> {
  const file = await disk.open(path, "existing");
  try {
    const size = await file.size();
    await file.write([await hashOf(file, size)], size);
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** Whether a file of this size ends with a hash: databases are whole pages. */
export function hasTrailer(fileBytes: number): boolean {
  return fileBytes % TRAILER_UNIT_BYTES === TRAILER_BYTES;
}

/** Compares the trailer with the database; a SnapshotError if there is none or it differs. */
export async function verifyTrailer(file: DiskFile): Promise<void> {
  const { expected, actual } = await trailerHashes(file);
  if (!equalBytes(expected, actual)) throw new SnapshotError("its hash does not match its content", file.path);
}

/** The hash that the trailer says and the one that the database has; a SnapshotError if there is no trailer. */
export async function trailerHashes(
  file: DiskFile,
): Promise<{ readonly expected: Uint8Array; readonly actual: Uint8Array }> {
  const size = await file.size();
  if (!hasTrailer(size)) throw new SnapshotError("it has no hash at its end", file.path);
  const expected = await file.read(size - TRAILER_BYTES, TRAILER_BYTES);
  return { expected, actual: await hashOf(file, size - TRAILER_BYTES) };
}

async function hashOf(file: DiskFile, bytes: number): Promise<Uint8Array> {
  const hash = createHash("sha256");
  const step = new Uint8Array(HASH_STEP_BYTES);
  for (let position = 0; position < bytes; position += HASH_STEP_BYTES)
    hash.update(await file.read(position, Math.min(HASH_STEP_BYTES, bytes - position), step));
  return new Uint8Array(hash.digest());
}

/** All rows of a database, by bucket and by key, a page at a time. */
export async function* readDatabase(file: DiskFile): AsyncGenerator<readonly SnapshotRow[]> {
  const reader = await BboltReader.open(file);
  for (const bucket of await reader.buckets())
    for await (const rows of reader.rows(bucket)) yield rows.map(([key, value]) => ({ bucket, key, value }));
}

/** What `etcdutl snapshot status` says about a file. */
export interface SnapshotStatus {
  /** CRC-32C over bucket names, keys and values. */
  readonly hash: number;
  readonly revision: Revision;
  /** User keys that are not deleted. */
  readonly totalKey: number;
  /** Bytes of the database without trailer. */
  readonly totalSize: number;
  /** The storage version; empty in files before 3.6. */
  readonly version: string;
}

/** Reads a whole database as etcdutl does. Holds all user keys in memory; everything else is bounded. */
export async function snapshotStatus(file: DiskFile): Promise<SnapshotStatus> {
  const reader = await BboltReader.open(file);
  const buckets = await reader.buckets();
  if (!buckets.includes("meta")) throw new SnapshotError("it has no bucket meta", file.path);
  const keys = new Set<string>();
  let [hash, revision, version] = [0, 0, ""];
  for (const bucket of buckets) {
    hash = crc32c(new TextEncoder().encode(bucket), hash);
    for await (const rows of reader.rows(bucket))
      for (const [key, value] of rows) {
        hash = crc32c(value, crc32c(key, hash));
        if (bucket === "key") revision = countRow(file, key, value, keys);
        else if (bucket === "meta" && text(key) === "storageVersion") version = text(value);
      }
  }
  return { hash, revision, totalKey: keys.size, totalSize: reader.databaseBytes, version };
}

/** Adds or removes the user key of a row and returns the row's main revision. */
function countRow(file: DiskFile, key: Uint8Array, value: Uint8Array, keys: Set<string>): Revision {
  if (key.length < REVISION_KEY_BYTES) throw new SnapshotError("a key of bucket key is no revision", file.path);
  const isTombstone = key.length === TOMBSTONE_KEY_BYTES && key[TOMBSTONE_KEY_BYTES - 1] === TOMBSTONE_LETTER;
  const name = Buffer.from(userKey(file, value)).toString("latin1");
  if (isTombstone) keys.delete(name);
  else keys.add(name);
  const view = new DataView(key.buffer, key.byteOffset, key.length);
  return Number(view.getBigUint64(0));
}

/** The user's key in a row of bucket key (field 1 of mvccpb.KeyValue, a view); empty if it is not there. */
export function userKey(file: DiskFile, value: Uint8Array): Uint8Array {
  const reader = new WireReader(value);
  try {
    while (!reader.done) {
      const tag = reader.tag();
      if (tag === 0x0a) return reader.bytes();
      reader.skip(tag, 0);
    }
  } catch (error) {
    if (error instanceof WireError) throw new SnapshotError(`a row of bucket key: ${error.message}`, file.path);
    throw error;
  }
  return new Uint8Array();
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
