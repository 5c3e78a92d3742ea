import type { Revision } from "../base/ids.ts";
import type { Clock, Timer } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { Leadership } from "./leadership.ts";
import type { Command } from "./proposals.ts";
import type { Replica } from "./replica.ts";

/** Revision mode looks this often (etcd's revInterval). */
const REVISION_CHECK_MS = 5 * 60 * 1000;
/** Periodic mode takes ten samples per period, or per hour if the period is longer (etcd's retryDivisor). */
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

  constructor(options: AutoCompactorOptions) {
    this.#options = options;
    const { policy, clock } = options;
    const periodMs = policy.mode === "revision" ? REVISION_CHECK_MS : Math.min(policy.retentionMs, HOUR_MS) / SAMPLES;
    this.#timer = clock.every(periodMs, () => {
      this.#tick(periodMs);
    });
  }

  stop(): void {
    this.#timer.cancel();
  }

  #tick(periodMs: number): void {
    const { policy, replica, leadership } = this.#options;
    const { currentRevision } = replica.machine.mvcc;
    if (policy.mode === "revision") {
      if (leadership.isLeader) this.#compact(currentRevision - policy.retention);
      return;
    }
    this.#samples.push(currentRevision);
    const needed = Math.ceil(policy.retentionMs / periodMs);
    if (this.#samples.length <= needed) return;
    const revision = this.#samples.shift();
    // A follower only remembers: it may lead before the next sample.
    if (revision !== undefined && leadership.isLeader) this.#compact(revision);
  }

  #compact(revision: Revision): void {
    if (revision <= 1 || revision === this.#last) return;
    const { propose, logger } = this.#options;
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
