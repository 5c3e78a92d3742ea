import { bucketRange, splitBucketKey } from "../backend/buckets.ts";
import { HashKv } from "../mvcc/hash.ts";
import type { CompactionJob } from "../mvcc/mvcc.ts";
import { encodeRevision } from "../mvcc/revision.ts";
import type { Revision } from "../base/ids.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import { nextTurn, pause } from "./pause.ts";
import type { Pins } from "./pins.ts";
import type { Replica } from "./replica.ts";
import type { StoreFlusher } from "./store-flusher.ts";

/** Bytes hashed in one turn of the event loop. */
const HASH_SLICE_BYTES = 512 * 1024;

export interface CompactorOptions {
  readonly replica: Replica;
  readonly flusher: StoreFlusher;
  readonly pins: Pins;
  /** Long reads of one view of the store: they hold up no compaction, but the end of a store that a snapshot has replaced. */
  readonly views: Pins;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Rows deleted in one go, and the pause after that (`--compaction-batch-limit`, `--compaction-sleep-interval`). */
  readonly batchLimit: number;
  readonly pauseMs: number;
  readonly onFailure: (error: unknown) => void;
}

/** Carries out scheduled compactions one after the other, in small steps beside everything else. */
export class Compactor {
  readonly #options: CompactorOptions;
  #isRunning = false;
  #waiters: { readonly revision: Revision; readonly resolve: () => void }[] = [];

  constructor(options: CompactorOptions) {
    this.#options = options;
  }

  /** A compaction has been scheduled, now or before the restart. */
  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#run().then(
      () => {
        this.#isRunning = false;
      },
      (error: unknown) => {
        this.#options.onFailure(error);
      },
    );
  }

  /** Resolves when the rows below a compacted revision are gone. */
  async finished(revision: Revision): Promise<void> {
    const { mvcc } = this.#options.replica.machine;
    if (!mvcc.compactionJobs.some((job) => job.revision <= revision)) return;
    await new Promise<void>((resolve) => {
      this.#waiters.push({ revision, resolve });
    });
  }

  async #run(): Promise<void> {
    const { replica } = this.#options;
    for (;;) {
      const [job] = replica.machine.mvcc.compactionJobs;
      if (!job) break;
      await this.#compact(job);
    }
    for (const waiter of this.#waiters.splice(0)) waiter.resolve();
  }

  async #compact(job: CompactionJob): Promise<void> {
    const { replica, pins, clock, logger, batchLimit, pauseMs } = this.#options;
    const startMs = clock.monotonicMs();
    const { machine } = replica;
    // Reads that began before the compaction may still name rows that go.
    await pins.earlierReleased();
    const hash = job.isResumed ? undefined : await this.#hash(job);
    let deleted = 0;
    let sincePause = 0;
    for (const rows of machine.mvcc.compactionSlices(job)) {
      if (replica.machine !== machine) return;
      machine.mvcc.deleteRows(rows);
      deleted += rows.length;
      sincePause += rows.length;
      this.#options.flusher.onApplied();
      if (sincePause < batchLimit) {
        await nextTurn(clock);
        continue;
      }
      sincePause = 0;
      await pause(clock, pauseMs);
      if (this.#options.flusher.isOverfull) await this.#options.flusher.flush();
    }
    if (replica.machine !== machine) return;
    machine.mvcc.finishCompaction(job);
    if (hash) machine.mvcc.storeCompactionHash(hash);
    this.#options.flusher.onApplied();
    logger.info("finished scheduled compaction", {
      "compact-revision": job.revision,
      took: `${(clock.monotonicMs() - startMs).toFixed(1)}ms`,
      "deleted-rows": deleted,
      hash: hash?.hash,
      "current-db-size-bytes": machine.sizes.dbSize,
      "current-db-size-in-use-bytes": machine.sizes.dbSizeInUse,
    });
  }

  /** The hash that HashKV at exactly this revision gives from now on, with the compaction before this one. */
  async #hash(job: CompactionJob) {
    const { replica, flusher, views, clock } = this.#options;
    const { mvcc } = replica.machine;
    const keeping = mvcc.keepSlices(job.revision);
    let step = keeping.next();
    for (; step.done !== true; step = keeping.next()) await nextTurn(clock);
    await flusher.flush();
    const unpin = views.pin();
    const hash = new HashKv({ revision: job.revision, compactRevision: job.previousRevision, keep: step.value });
    const scan = replica.store.scan({
      from: bucketRange("key").from,
      to: bucketRange("key", encodeRevision(job.revision + 1, 0, false)).from,
    });
    try {
      for (;;) {
        const rows = await scan.next(HASH_SLICE_BYTES);
        if (rows.length === 0) break;
        for (const [key, value] of rows) hash.row(splitBucketKey(key).key, value);
      }
    } finally {
      await scan.close();
      unpin();
    }
    return hash.result();
  }
}
