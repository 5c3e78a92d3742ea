import type { Index } from "../base/ids.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { MemoryStorage } from "../raft/memory-storage.ts";
import type { Wal } from "../wal/wal.ts";
import type { AppliedIndex } from "./applied-index.ts";
import { NodeTallies } from "./node-tallies.ts";
import type { StoreFlusher } from "./store-flusher.ts";

/** The log is kept whole for this long after a snapshot went out, so that its receiver finds the entries that follow (etcd's releaseDelayAfterSnapshot). */
const KEEP_AFTER_SENDING_MS = 30_000;

export interface LocalSnapshotterOptions {
  readonly applied: AppliedIndex;
  readonly flusher: StoreFlusher;
  readonly wal: Wal;
  readonly log: MemoryStorage;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Applied entries between two snapshots, and entries kept behind one for slow followers. */
  readonly snapshotCount: number;
  readonly catchUpEntries: number;
  readonly onFailure: (error: unknown) => void;
  readonly tallies?: NodeTallies | undefined;
}

/**
 * Shortens the log. A local snapshot is metadata only: once a synced batch of the store holds an index, a marker in
 * the WAL says so, and what is older may go (design decision 2).
 */
export class LocalSnapshotter {
  readonly #options: LocalSnapshotterOptions;
  readonly #tallies: NodeTallies;
  #lastIndex: Index;
  #isRunning = false;
  #isForced = false;
  #sending = 0;
  #keepUntilMs = 0;

  constructor(options: LocalSnapshotterOptions) {
    this.#options = options;
    this.#tallies = options.tallies ?? new NodeTallies();
    this.#lastIndex = options.log.snapshot().metadata.index;
  }

  /** To be called after applying. */
  onApplied(): void {
    const { applied, snapshotCount, onFailure } = this.#options;
    const fresh = applied.value - this.#lastIndex;
    if (this.#isRunning || fresh === 0 || (fresh < snapshotCount && !this.#isForced)) return;
    this.#isRunning = true;
    this.#isForced = false;
    this.#take().then(
      () => {
        this.#isRunning = false;
      },
      (error: unknown) => {
        onFailure(error);
      },
    );
  }

  /** The next time is after this batch, however few entries there are: an older release has to read what follows it. */
  force(): void {
    this.#isForced = true;
  }

  /** A snapshot of the leader's was installed: the log begins there. */
  onInstalled(index: Index): void {
    this.#lastIndex = index;
  }

  /** The database goes out to a follower; to be ended by the returned function. */
  sending(): () => void {
    this.#sending++;
    return () => {
      this.#sending--;
      this.#keepUntilMs = this.#options.clock.monotonicMs() + KEEP_AFTER_SENDING_MS;
    };
  }

  async #take(): Promise<void> {
    const { flusher, wal, log, clock, logger, catchUpEntries } = this.#options;
    const { index, confState } = await flusher.flush();
    if (confState === undefined || !log.createSnapshot(index, confState, undefined)) return;
    const { metadata } = log.snapshot();
    this.#lastIndex = index;
    const { markerSeconds } = this.#tallies.disk;
    await this.#tallies.timed(markerSeconds, () => wal.append({ entries: [], snapshot: metadata, sync: true }));
    await wal.releaseBelow(index);
    logger.info("saved snapshot", { "snapshot-index": index });
    if (this.#sending > 0 || clock.monotonicMs() < this.#keepUntilMs) return;
    const compactIndex = index - catchUpEntries;
    if (compactIndex <= log.firstIndex() - 1) return;
    log.compact(compactIndex);
    logger.info("compacted Raft logs", { "compact-index": compactIndex });
  }
}
