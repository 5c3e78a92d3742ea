import type { Revision } from "../base/ids.ts";
import type { Clock, Timer } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { Leadership } from "./leadership.ts";
import type { Command } from "./proposals.ts";
import type { Replica } from "./replica.ts";

/** Revision mode looks this often (etcd's revInterval). */
const REVISION_CHECK_MS = 5 * 60 * 1000;
/** Periodic mode compacts once per period, at least hourly, and takes ten samples in that time (etcd's retryDivisor). */
const SAMPLES = 10;
const HOUR_MS = 60 * 60 * 1000;

/** `--auto-compaction-mode` and `--auto-compaction-retention`; retention in ms or in revisions. */
export type AutoCompaction =
  | { readonly mode: "periodic"; readonly retentionMs: number }
  | { readonly mode: "revision"; readonly retention: number };

export interface AutoCompactorOptions {
  readonly policy: AutoCompaction;
  readonly replica: Replica;
  readonly leadership: Leadership;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly propose: (command: Command) => Promise<unknown>;
}

/** Compacts on the leader so that a set time or a set number of revisions of history stays. */
export class AutoCompactor {
  readonly #options: AutoCompactorOptions;
  readonly #timer: Timer;
  /** Oldest first: what the revision was at earlier samples. */
  readonly #samples: Revision[] = [];
  #last: Revision = 0;
  #lastMs: number;

  constructor(options: AutoCompactorOptions) {
    this.#options = options;
    const { policy, clock } = options;
    this.#lastMs = clock.monotonicMs();
    const stepMs = policy.mode === "revision" ? REVISION_CHECK_MS : Math.min(policy.retentionMs, HOUR_MS) / SAMPLES;
    this.#timer = clock.every(stepMs, () => {
      if (policy.mode === "revision") this.#keepRevisions(policy.retention);
      else this.#keepTime(policy.retentionMs, stepMs);
    });
  }

  stop(): void {
    this.#timer.cancel();
  }

  #keepRevisions(retention: number): void {
    this.#compact(this.#options.replica.machine.mvcc.currentRevision - retention);
  }

  #keepTime(retentionMs: number, stepMs: number): void {
    const { replica, clock } = this.#options;
    this.#samples.push(replica.machine.mvcc.currentRevision);
    if (this.#samples.length > Math.ceil(retentionMs / stepMs) + 1) this.#samples.shift();
    const isDue = clock.monotonicMs() - this.#lastMs >= SAMPLES * stepMs;
    const [oldest] = this.#samples;
    if (!isDue || oldest === undefined || this.#samples.length <= Math.ceil(retentionMs / stepMs)) return;
    this.#lastMs = clock.monotonicMs();
    this.#compact(oldest);
  }

  #compact(revision: Revision): void {
    const { propose, logger, leadership } = this.#options;
    // A follower only remembers: it may lead the next time.
    if (!leadership.isLeader || revision <= 1 || revision === this.#last) return;
    propose({ compaction: { revision: BigInt(revision) } }).then(
      () => {
        this.#last = revision;
        logger.info("completed auto compaction", { revision });
      },
      (error: unknown) => {
        logger.warn("failed auto compaction", { revision, error: String(error) });
      },
    );
  }
}
