import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { LevelDown, LevelDownIterator } from "leveldown";
import type { Store, StoreOperation, StoreRange, StoreRow, StoreScan } from "../backend/store.ts";
import { DiskError } from "../ports/disk-error.ts";
import { Gate } from "./gate.ts";
import { openDatabase, settle } from "./leveldown-database.ts";
import { YoungCollection } from "./young-collection.ts";

/**
 * Reads that may be in libuv's pool at a time. Besides them there are at most one write and one compaction, so a
 * pool of MAX_CONCURRENT_READS + 2 + (whatever syncs the WAL) never lets a sync queue behind the store.
 */
export const MAX_CONCURRENT_READS = 2;

/** LevelDB's block cache; values that are read often are also cached above, decoded. */
const CACHE_BYTES = 32 * 1024 * 1024;
/** A larger write buffer means fewer and larger files on level 0. */
const WRITE_BUFFER_BYTES = 16 * 1024 * 1024;
const FILE_BYTES = 8 * 1024 * 1024;
/** How far a scan reads ahead in one go through the pool. */
const SCAN_READ_AHEAD_BYTES = 256 * 1024;
/** Beyond every key: ours begin with a bucket's name in ASCII. */
const LAST_KEY = Buffer.alloc(16, 0xff);

/** Opens or creates the store in a folder; refuses if another process has it open. */
export async function openLeveldownStore(folder: string): Promise<Store> {
  const database = await openDatabase(folder, {
    cacheSize: CACHE_BYTES,
    writeBufferSize: WRITE_BUFFER_BYTES,
    maxFileSize: FILE_BYTES,
    compression: false,
  });
  return new LeveldownStore(folder, database);
}

/**
 * The store over LevelDB. LevelDB orders batches by their arrival in its own threads, therefore one is handed
 * over at a time. A failed write poisons the store: later writes fail too, because they would leave a gap.
 *
 * When LevelDB changes its log it closes the old one without syncing it. A synced batch in the new log could
 * then survive a power cut that takes unsynced batches of the old one. So a synced write that follows unsynced
 * ones first makes LevelDB write its buffer to a table file. Writers that always sync never pay for this.
 */
class LeveldownStore implements Store {
  readonly #folder: string;
  readonly #database: LevelDown;
  readonly #reads = new Gate(MAX_CONCURRENT_READS);
  readonly #garbage = new YoungCollection();
  #lastWrite: Promise<void> = Promise.resolve();
  #hasUnsynced = false;

  constructor(folder: string, database: LevelDown) {
    this.#folder = folder;
    this.#database = database;
  }

  async getMany(keys: readonly Uint8Array[]): Promise<readonly (Uint8Array | undefined)[]> {
    if (keys.length === 0) return [];
    const buffers = keys.map(asBuffer);
    const values = await this.#reads.run(() =>
      settle<unknown[]>("read", this.#folder, (done) => this.#database.getMany(buffers, done)),
    );
    let length = 0;
    const found = values.map((value) => {
      if (!Buffer.isBuffer(value)) return undefined;
      length += value.length;
      return asBytes(value);
    });
    this.#garbage.passed(length);
    return found;
  }

  write(operations: readonly StoreOperation[], options: { readonly sync: boolean }): Promise<void> {
    const write = this.#lastWrite.then(() => this.#writeNow(operations, options.sync));
    this.#lastWrite = write;
    // Whoever waits for this very write sees the failure; the chain alone must not count as unhandled.
    this.#lastWrite.catch(() => {});
    return write;
  }

  async #writeNow(operations: readonly StoreOperation[], sync: boolean): Promise<void> {
    if (sync && this.#hasUnsynced) await this.#flushWriteBuffer();
    await settle("write", this.#folder, (done) => this.#database.batch(operations.map(asBatch), { sync }, done));
    if (!sync) this.#hasUnsynced = true;
  }

  /** Compacting an empty range flushes the write buffer to a synced table file, and does nothing else. */
  async #flushWriteBuffer(): Promise<void> {
    await settle("flush", this.#folder, (done) => this.#database.compactRange(LAST_KEY, LAST_KEY, done));
    this.#hasUnsynced = false;
  }

  scan(range: StoreRange): StoreScan {
    const iterator = this.#database.iterator({
      gte: asBuffer(range.from),
      ...(range.to && { lt: asBuffer(range.to) }),
      highWaterMark: SCAN_READ_AHEAD_BYTES,
    });
    return new LeveldownScan(this.#folder, iterator, this.#reads, this.#garbage);
  }

  async compact(range: StoreRange): Promise<void> {
    const to = range.to === undefined ? LAST_KEY : asBuffer(range.to);
    await settle("compact", this.#folder, (done) => this.#database.compactRange(asBuffer(range.from), to, done));
  }

  async sizeOnDisk(): Promise<number> {
    try {
      const names = await fs.readdir(this.#folder);
      const sizes = await Promise.all(names.map((name) => sizeOf(path.join(this.#folder, name))));
      return sizes.reduce((sum, size) => sum + size, 0);
    } catch (error) {
      throw new DiskError("measure", this.#folder, error);
    }
  }

  async close(): Promise<void> {
    await this.#lastWrite.catch(() => {});
    await settle("close", this.#folder, (done) => this.#database.close(done));
  }
}

/** One iterator of LevelDB: it holds the snapshot that it was opened on. */
class LeveldownScan implements StoreScan {
  readonly #folder: string;
  readonly #iterator: LevelDownIterator;
  readonly #reads: Gate;
  readonly #garbage: YoungCollection;

  constructor(folder: string, iterator: LevelDownIterator, reads: Gate, garbage: YoungCollection) {
    this.#folder = folder;
    this.#iterator = iterator;
    this.#reads = reads;
    this.#garbage = garbage;
  }

  next(byteLimit: number): Promise<readonly StoreRow[]> {
    // The rows of the slices before are garbage by now.
    this.#garbage.passed(byteLimit);
    return this.#reads.run(() =>
      settle<readonly StoreRow[]>("scan", this.#folder, (done) => this.#gather([], byteLimit, done)),
    );
  }

  /** The iterator has read ahead, so most of these callbacks come from memory. */
  #gather(rows: StoreRow[], bytesLeft: number, done: (error: Error | null, rows?: readonly StoreRow[]) => void): void {
    this.#iterator.next((error, key, value) => {
      if (error) return done(error);
      if (!Buffer.isBuffer(key) || !Buffer.isBuffer(value)) return done(null, rows);
      rows.push([asBytes(key), asBytes(value)]);
      const left = bytesLeft - key.length - value.length;
      if (left <= 0) return done(null, rows);
      this.#gather(rows, left, done);
    });
  }

  close(): Promise<void> {
    return settle<void>("end scan", this.#folder, (done) => this.#iterator.end(done));
  }
}

/** LevelDB deletes files behind our back. */
async function sizeOf(file: string): Promise<number> {
  const stats = await fs.stat(file).catch(() => undefined);
  return stats?.size ?? 0;
}

type BatchItem =
  | { readonly type: "del"; readonly key: Buffer }
  | { readonly type: "put"; readonly key: Buffer; readonly value: Buffer };

function asBatch({ key, value }: StoreOperation): BatchItem {
  return value === undefined
    ? { type: "del", key: asBuffer(key) }
    : { type: "put", key: asBuffer(key), value: asBuffer(value) };
}

/** leveldown turns everything that is no Buffer into text. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** A plain array: Buffer's `slice` would be a view where a copy is meant. */
function asBytes(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}
