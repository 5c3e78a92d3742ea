import { ALL_BUCKETS } from "../backend/buckets.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import { NodeTallies } from "./node-tallies.ts";
import type { Replica } from "./replica.ts";
import type { StoreFlusher } from "./store-flusher.ts";

/** Gives the space of deleted rows back to the file system, and to the quota's account. */
export class Defragmenter {
  readonly #replica: Replica;
  readonly #flusher: StoreFlusher;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #tallies: NodeTallies;

  constructor(options: {
    readonly replica: Replica;
    readonly flusher: StoreFlusher;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly tallies?: NodeTallies | undefined;
  }) {
    this.#replica = options.replica;
    this.#flusher = options.flusher;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#tallies = options.tallies ?? new NodeTallies();
  }

  async run(): Promise<void> {
    const { disk } = this.#tallies;
    disk.defragsRunning++;
    try {
      await this.#tallies.timed(disk.defragSeconds, () => this.#run());
    } finally {
      disk.defragsRunning--;
    }
  }

  async #run(): Promise<void> {
    const startMs = this.#clock.monotonicMs();
    const { machine, store } = this.#replica;
    const before = machine.sizes.dbSize;
    await this.#flusher.flush();
    await store.compact(ALL_BUCKETS);
    machine.defragment();
    this.#logger.info("finished defragmenting directory", {
      "current-db-size-bytes-diff": machine.sizes.dbSize - before,
      "current-db-size-bytes": machine.sizes.dbSize,
      "current-db-size-in-use-bytes": machine.sizes.dbSizeInUse,
      took: `${(this.#clock.monotonicMs() - startMs).toFixed(1)}ms`,
    });
  }
}
