import { BUCKETS, bucketRange, splitBucketKey } from "../backend/buckets.ts";
import type { Revision } from "../base/ids.ts";
import { BackendHash, HashKv, type HashKvResult } from "../mvcc/hash.ts";
import type { Clock } from "../ports/clock.ts";
import { nextTurn } from "./pause.ts";
import type { Pins } from "./pins.ts";
import type { Replica } from "./replica.ts";
import type { StoreFlusher } from "./store-flusher.ts";

/** Bytes hashed in one turn of the event loop. */
const SLICE_BYTES = 256 * 1024;

export interface HashingOptions {
  readonly replica: Replica;
  readonly flusher: StoreFlusher;
  readonly pins: Pins;
  /** Held while a view of the store is read. */
  readonly views: Pins;
  readonly clock: Clock;
}

/** Computes the hashes by which members are compared, in slices beside everything else. */
export class Hashing {
  readonly #options: HashingOptions;

  constructor(options: HashingOptions) {
    this.#options = options;
  }

  /** HashKV at a revision (0: now). Faults: compacted, future-revision. */
  async hashKv(revision: Revision): Promise<HashKvResult> {
    const { replica, flusher, pins, clock } = this.#options;
    const { mvcc } = replica.machine;
    const cached = revision === 0 ? undefined : mvcc.cachedHash(revision);
    if (cached) return cached;
    const unpin = pins.pin();
    try {
      const point = mvcc.hashPoint(revision);
      const keeping = mvcc.keepSlices(point.revision);
      let step = keeping.next();
      for (; step.done !== true; step = keeping.next()) await nextTurn(clock);
      await flusher.flush();
      const hash = new HashKv({ ...point, keep: step.value });
      await this.#feed("key", (key, value) => {
        hash.row(key, value);
      });
      return hash.result();
    } finally {
      unpin();
    }
  }

  /** The hash over all buckets. */
  async hash(): Promise<number> {
    await this.#options.flusher.flush();
    const hash = new BackendHash();
    for (const bucket of BUCKETS) {
      hash.bucket(bucket);
      await this.#feed(bucket, (key, value) => {
        hash.row(key, value);
      });
    }
    return hash.result();
  }

  async #feed(bucket: (typeof BUCKETS)[number], row: (key: Uint8Array, value: Uint8Array) => void): Promise<void> {
    const scan = this.#options.replica.store.scan(bucketRange(bucket));
    const unpin = this.#options.views.pin();
    try {
      for (;;) {
        const rows = await scan.next(SLICE_BYTES);
        if (rows.length === 0) return;
        for (const [key, value] of rows) row(splitBucketKey(key).key, value);
      }
    } finally {
      await scan.close();
      unpin();
    }
  }
}
