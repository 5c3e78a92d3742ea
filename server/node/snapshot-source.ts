import { join } from "node:path";
import type { AppliedPosition } from "../backend/write-buffer.ts";
import { ALL_BUCKETS, BUCKETS, splitBucketKey } from "../backend/buckets.ts";
import type { Disk } from "../ports/disk.ts";
import type { Logger } from "../ports/logger.ts";
import type { SnapshotBody } from "../ports/network.ts";
import { writeDatabase, type SnapshotRow } from "../snapshot/snapshot-file.ts";
import type { Store } from "../backend/store.ts";
import { NodeTallies } from "./node-tallies.ts";
import type { Pins } from "./pins.ts";
import type { Replica } from "./replica.ts";
import type { StoreFlusher } from "./store-flusher.ts";

/** Rows read from the store in one turn of the event loop, and file bytes sent in one piece. */
const SLICE_BYTES = 256 * 1024;

/** A database as a file, at the position that it was taken. */
export interface TakenSnapshot extends SnapshotBody {
  readonly position: AppliedPosition;
}

/**
 * Makes etcd's snapshot of this member's state: a bbolt database, written through a temporary file from one pinned view
 * of the store. Memory stays bounded whatever the size. The file is gone once it has been sent, so it is never synced: a
 * gigabyte that goes to the disk at once holds up the log of all that share it.
 */
export class SnapshotSource {
  readonly #replica: Replica;
  readonly #flusher: StoreFlusher;
  readonly #views: Pins;
  readonly #disk: Disk;
  readonly #logger: Logger;
  readonly #folder: string;
  readonly #tallies: NodeTallies;
  #count = 0;

  constructor(options: {
    readonly replica: Replica;
    readonly flusher: StoreFlusher;
    /** Held while a view of the store is read. */
    readonly views: Pins;
    readonly disk: Disk;
    readonly logger: Logger;
    /** For the temporary files. */
    readonly folder: string;
    readonly tallies?: NodeTallies | undefined;
  }) {
    this.#replica = options.replica;
    this.#flusher = options.flusher;
    this.#views = options.views;
    this.#disk = options.disk;
    this.#logger = options.logger;
    this.#folder = options.folder;
    this.#tallies = options.tallies ?? new NodeTallies();
  }

  /** The whole state as of now. The caller releases it. */
  async take(): Promise<TakenSnapshot> {
    const path = join(this.#folder, `outgoing-${String(this.#count++)}.db`);
    const stop = this.#tallies.start(this.#tallies.disk.snapshotSeconds);
    const position = await this.#flusher.flush();
    // Opened in the same turn: the view is exactly what the flush has written.
    const rows = rowsOf(this.#replica.store);
    const unpin = this.#views.pin();
    try {
      const { databaseBytes: sizeBytes } = await writeDatabase(this.#disk, path, BUCKETS, rows);
      this.#logger.info("took database snapshot", { path, size: sizeBytes, index: position.index });
      return {
        position,
        sizeBytes,
        read: () => this.#read(path, sizeBytes),
        release: () => {
          stop();
          return this.#disk.remove(path);
        },
      };
    } catch (error) {
      await this.#disk.remove(path);
      throw error;
    } finally {
      unpin();
    }
  }

  async *#read(path: string, sizeBytes: number): AsyncGenerator<Uint8Array> {
    const file = await this.#disk.open(path, "read");
    // One array for all of them: fresh ones would be collected only together with the whole heap, again and again.
    const piece = new Uint8Array(SLICE_BYTES);
    try {
      for (let from = 0; from < sizeBytes; from += SLICE_BYTES) {
        yield await file.read(from, Math.min(SLICE_BYTES, sizeBytes - from), piece);
      }
    } finally {
      await file.close();
    }
  }
}

/** The rows of a view that is pinned when this is called, not when the first row is asked for. */
function rowsOf(store: Store): AsyncIterable<readonly SnapshotRow[]> {
  const scan = store.scan(ALL_BUCKETS);
  return {
    async *[Symbol.asyncIterator]() {
      try {
        for (;;) {
          const rows = await scan.next(SLICE_BYTES);
          if (rows.length === 0) return;
          yield rows.map(([storeKey, value]) => ({ ...splitBucketKey(storeKey), value }));
        }
      } finally {
        await scan.close();
      }
    },
  };
}
