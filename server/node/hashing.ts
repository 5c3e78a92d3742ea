import { BUCKETS, bucketRange, splitBucketKey } from "../backend/buckets.ts";
import type { StoreRange } from "../backend/store.ts";
import type { Revision } from "../base/ids.ts";
import { BackendHash, HashKv, type HashKvResult, type HashPoint } from "../mvcc/hash.ts";
import { encodeRevision } from "../mvcc/revision.ts";
import { NodeTallies } from "./node-tallies.ts";
import type { Pins } from "./pins.ts";
import type { Replica } from "./replica.ts";
import type { StoreFlusher } from "./store-flusher.ts";
import type { Turns } from "./turns.ts";

/** Bytes hashed in one turn of the event loop. */
const SLICE_BYTES = 256 * 1024;

export interface HashingOptions {
  readonly replica: Replica;
  readonly flusher: StoreFlusher;
  readonly pins: Pins;
  /** Held while a view of the store is read. */
  readonly views: Pins;
  readonly turns: Turns;
  readonly tallies?: NodeTallies | undefined;
}

/** Computes the hashes by which members are compared, in slices beside everything else. */
export class Hashing {
  readonly #options: HashingOptions;
  readonly #tallies: NodeTallies;
  readonly #waiting: (() => void)[] = [];

  constructor(options: HashingOptions) {
    this.#options = options;
    this.#tallies = options.tallies ?? new NodeTallies();
  }

  /**
   * HashKV at a revision (0: now). Faults: compacted, future-revision. At a revision to which a compaction has just begun it
   * waits for the hash that every member keeps of it: one that answers a little earlier would say something else.
   */
  async hashKv(revision: Revision): Promise<HashKvResult> {
    const { replica, pins } = this.#options;
    while (this.#isCompactionUnhashed(revision)) await this.#nextCompactionHash();
    const { mvcc } = replica.machine;
    const cached = revision === 0 ? undefined : mvcc.cachedHash(revision);
    if (cached) return cached;
    const unpin = pins.pin();
    try {
      const point = mvcc.hashPoint(revision);
      return await this.#tallies.timed(this.#tallies.hash.revisionSeconds, () => this.hashAt(point));
    } finally {
      unpin();
    }
  }

  /** A compaction has been hashed, or never will be: whoever waits looks again. */
  onCompactionHashed(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #isCompactionUnhashed(revision: Revision): boolean {
    const { mvcc } = this.#options.replica.machine;
    const isPending = mvcc.compactionJobs.some((job) => job.revision === revision && !job.isResumed);
    return isPending && mvcc.cachedHash(revision) === undefined;
  }

  #nextCompactionHash(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** HashKV at a point whose rows the caller holds back from deletion. Fault: compacted. */
  async hashAt(point: HashPoint): Promise<HashKvResult> {
    const { replica, flusher, turns } = this.#options;
    const keep = await turns.run(replica.machine.mvcc.keepSlices(point));
    await flusher.flush();
    const hash = new HashKv({ ...point, keep });
    const { from } = bucketRange("key");
    const to = bucketRange("key", encodeRevision(point.revision + 1, 0, false)).from;
    await this.#feed({ from, to }, (key, value) => {
      hash.row(key, value);
    });
    return hash.result();
  }

  /** The hash over all buckets. */
  hash(): Promise<number> {
    return this.#tallies.timed(this.#tallies.hash.wholeSeconds, () => this.#hash());
  }

  async #hash(): Promise<number> {
    await this.#options.flusher.flush();
    const hash = new BackendHash();
    for (const bucket of BUCKETS) {
      hash.bucket(bucket);
      await this.#feed(bucketRange(bucket), (key, value) => {
        hash.row(key, value);
      });
    }
    return hash.result();
  }

  async #feed(range: StoreRange, row: (key: Uint8Array, value: Uint8Array) => void): Promise<void> {
    const scan = this.#options.replica.store.scan(range);
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
