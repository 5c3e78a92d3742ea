import type { Revision } from "../base/ids.ts";
import type { AppliedPosition } from "../backend/write-buffer.ts";
import type { Clock, Timer } from "../ports/clock.ts";
import { NodeTallies } from "./node-tallies.ts";
import type { Replica } from "./replica.ts";

/** Dirty rows wait at most this long (etcd's backend batch interval). */
const FLUSH_AFTER_MS = 100;
/** Or until there are this many bytes of them: LevelDB copies a batch on the event loop, about 2 ms for each MiB of small rows. */
const FLUSH_AT_BYTES = 512 * 1024;
/** Or this many rows: handing one over takes more than a microsecond, also that of a deletion, which has hardly any bytes. */
const FLUSH_AT_ROWS = 2000;
/** Above this, applying waits for the store: what memory holds stays bounded. */
export const MAX_BUFFERED_BYTES = 128 * 1024 * 1024;

/**
 * Brings applied rows into the store in the background, always a whole prefix of the log in one atomic batch
 * together with the index that it reaches. The WAL covers what is not there yet. Every batch is synced: LevelDB may
 * lose an earlier unsynced batch in a power cut and keep a later one, which would leave a gap below the index.
 */
export class StoreFlusher {
  readonly #replica: Replica;
  readonly #clock: Clock;
  readonly #onFailure: (error: unknown) => void;
  readonly #tallies: NodeTallies;
  #timer: Timer | undefined;
  #running: Promise<unknown> | undefined;
  #isStopped = false;
  #flushedRevision: Revision = 0;

  constructor(replica: Replica, clock: Clock, onFailure: (error: unknown) => void, tallies = new NodeTallies()) {
    this.#replica = replica;
    this.#clock = clock;
    this.#onFailure = onFailure;
    this.#tallies = tallies;
  }

  /** To be called after applying: flushes soon. */
  onApplied(): void {
    if (this.#isStopped) return;
    if (this.#isFull) {
      if (!this.#running) this.#inBackground();
      return;
    }
    this.#timer ??= this.#clock.after(FLUSH_AFTER_MS, () => {
      this.#timer = undefined;
      if (!this.#running) this.#inBackground();
    });
  }

  /** Every revision up to here is in the store, and no later one. */
  get flushedRevision(): Revision {
    return this.#flushedRevision;
  }

  get isOverfull(): boolean {
    return this.#replica.machine.buffer.bytes >= MAX_BUFFERED_BYTES;
  }

  /** Everything applied before this call is in the store when it resolves; says how far that is. */
  async flush(): Promise<AppliedPosition> {
    while (this.#running) await this.#running;
    const writing = this.#write();
    this.#running = writing;
    try {
      return await writing;
    } finally {
      this.#running = undefined;
    }
  }

  /** Runs a task while no flush is under way and none can begin. */
  async whileStopped(task: () => Promise<void>): Promise<void> {
    while (this.#running) await this.#running;
    const running = task();
    this.#running = running;
    try {
      await running;
    } finally {
      this.#running = undefined;
    }
  }

  /** Flushes a last time and starts no more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.flush();
  }

  get #isFull(): boolean {
    const { buffer } = this.#replica.machine;
    return buffer.bytes >= FLUSH_AT_BYTES || buffer.activeRows >= FLUSH_AT_ROWS;
  }

  #inBackground(): void {
    this.flush().then(
      () => {
        if (this.#isFull) this.onApplied();
      },
      (error: unknown) => {
        this.#onFailure(error);
      },
    );
  }

  async #write(): Promise<AppliedPosition> {
    const { machine, store, confState } = this.#replica;
    const position = { index: machine.consistentIndex, term: machine.term, confState };
    const revision = machine.mvcc.currentRevision;
    const { disk } = this.#tallies;
    const stop = this.#tallies.start(disk.commitSeconds);
    const operations = machine.buffer.seal(position);
    await this.#tallies.timed(disk.commitWriteSeconds, () => store.write(operations, { sync: true }));
    machine.buffer.flushed();
    stop();
    this.#flushedRevision = revision;
    return position;
  }
}
