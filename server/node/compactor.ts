import type { CompactionJob } from "../mvcc/mvcc.ts";
import type { Revision } from "../base/ids.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { Hashing } from "./hashing.ts";
import { NodeTallies } from "./node-tallies.ts";
import { pause } from "./pause.ts";
import type { Pins } from "./pins.ts";
import type { Replica } from "./replica.ts";
import type { StoreFlusher } from "./store-flusher.ts";
import type { Turns } from "./turns.ts";

export interface CompactorOptions {
  readonly replica: Replica;
  readonly flusher: StoreFlusher;
  readonly pins: Pins;
  readonly hashing: Hashing;
  readonly turns: Turns;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Rows deleted in one go, and the pause after that (`--compaction-batch-limit`, `--compaction-sleep-interval`). */
  readonly batchLimit: number;
  readonly pauseMs: number;
  readonly onFailure: (error: unknown) => void;
  readonly tallies?: NodeTallies | undefined;
}

/** Carries out scheduled compactions one after the other, in small steps beside everything else. */
export class Compactor {
  readonly #options: CompactorOptions;
  readonly #tallies: NodeTallies;
  #isRunning = false;
  #waiters: { readonly revision: Revision; readonly resolve: () => void }[] = [];

  constructor(options: CompactorOptions) {
    this.#options = options;
    this.#tallies = options.tallies ?? new NodeTallies();
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
    const { replica, pins, turns, clock, logger, batchLimit, pauseMs } = this.#options;
    const startMs = clock.monotonicMs();
    const { machine } = replica;
    // Reads that began before the compaction may still name rows that go.
    await pins.earlierReleased();
    // What HashKV at exactly this revision gives from now on, with the compaction before this one.
    const point = { revision: job.revision, compactRevision: job.previousRevision };
    const hash = job.isResumed ? undefined : await this.#options.hashing.hashAt(point);
    if (replica.machine === machine && hash) machine.mvcc.storeCompactionHash(hash);
    this.#options.hashing.onCompactionHashed();
    let deleted = 0;
    let sincePause = 0;
    const { compaction } = this.#tallies;
    let sliceStartMs = clock.monotonicMs();
    for (const rows of machine.mvcc.compactionSlices(job)) {
      if (replica.machine !== machine) return;
      const indexedMs = clock.monotonicMs();
      compaction.indexPauseMs.observe(indexedMs - sliceStartMs);
      machine.mvcc.deleteRows(rows);
      compaction.rowsPauseMs.observe(clock.monotonicMs() - indexedMs);
      deleted += rows.length;
      sincePause += rows.length;
      this.#options.flusher.onApplied();
      if (sincePause < batchLimit) {
        await turns.next();
        sliceStartMs = clock.monotonicMs();
        continue;
      }
      sincePause = 0;
      await pause(clock, pauseMs);
      if (this.#options.flusher.isOverfull) await this.#options.flusher.flush();
      sliceStartMs = clock.monotonicMs();
    }
    if (replica.machine !== machine) return;
    machine.mvcc.finishCompaction(job);
    this.#options.flusher.onApplied();
    compaction.deletedRows += deleted;
    compaction.lastUnixSeconds = clock.unixMs() / 1000;
    compaction.totalMs.observe(clock.monotonicMs() - startMs);
    logger.info("finished scheduled compaction", {
      "compact-revision": job.revision,
      took: `${(clock.monotonicMs() - startMs).toFixed(1)}ms`,
      "deleted-rows": deleted,
      hash: hash?.hash,
      "current-db-size-bytes": machine.sizes.dbSize,
      "current-db-size-in-use-bytes": machine.sizes.dbSizeInUse,
    });
  }
}
