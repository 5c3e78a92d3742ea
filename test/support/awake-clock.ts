/** How often it is looked whether this process runs. */
const LOOK_MS = 10;
/** Who is late by less is merely busy. */
const STANDSTILL_MIN_MS = 100;

/**
 * A clock that stands while this process does: when its machine is paused by a host, or when something else blocks it. A
 * harness that measures how long a cluster did not answer measures with this one, for neither asks nor hears while it stands.
 */
export class AwakeClock {
  readonly #now: () => number;
  #lastMs: number;
  #lostMs = 0;
  #looking: NodeJS.Timeout | undefined;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#lastMs = now();
  }

  /** Looks from now on; until then nothing is known of standstills. */
  start(): void {
    this.#lastMs = this.#now();
    this.#looking = setInterval(() => this.nowMs(), LOOK_MS).unref();
  }

  stop(): void {
    clearInterval(this.#looking);
    this.#looking = undefined;
  }

  /** Milliseconds, to be compared with its own only. */
  nowMs(): number {
    const nowMs = this.#now();
    const lateMs = nowMs - this.#lastMs - LOOK_MS;
    if (this.#looking && lateMs >= STANDSTILL_MIN_MS) this.#lostMs += lateMs;
    this.#lastMs = nowMs;
    return nowMs - this.#lostMs;
  }
}
