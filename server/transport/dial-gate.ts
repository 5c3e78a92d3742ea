import type { Clock, Timer } from "../ports/clock.ts";

/** From the begin of an attempt that fails to the next one: this at first, twice as long after each further failure. */
const FIRST_WAIT_MS = 100;
const MAX_WAIT_MS = 1000;

export interface DialGateOptions {
  readonly clock: Clock;
  /** The peer has answered: it may be asked for anything. */
  readonly onOpened: () => void;
  /** It is still not there. */
  readonly onFailed: () => void;
}

/**
 * Who may open a connection to a peer. Everybody may while the peer is known to be there: a stream that was dialed is up,
 * or the last attempt was answered in whatever way. Otherwise the streams try one at a time, ever less often, and all else waits
 * for what they find: a peer that restarts would be met by a burst of connections from every channel of every member, and
 * what stands between (a proxy, a table of connections) by one burst after the other while it is away.
 */
export class DialGate {
  readonly #options: DialGateOptions;
  readonly #waiting = new Set<() => void>();
  #isOpen = false;
  /** Attempts that are neither answered nor failed. */
  #dials = 0;
  #streams = 0;
  #lastDialMs = Number.NEGATIVE_INFINITY;
  #waitMs = 0;
  #isHurried = false;
  #timer: Timer | undefined;

  constructor(options: DialGateOptions) {
    this.#options = options;
  }

  /** Whether the peer is known to be there. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Runs `dial` when its turn has come, maybe at once; `answered` or `failed` is to follow. The result takes it back. */
  enter(dial: () => void): () => void {
    this.#waiting.add(dial);
    this.#next();
    return () => {
      this.#waiting.delete(dial);
    };
  }

  /** The peer answered an attempt. */
  answered(): void {
    this.#dials--;
    this.#waitMs = 0;
    this.#isHurried = false;
    if (!this.#isOpen) {
      this.#isOpen = true;
      this.#options.onOpened();
    }
    this.#next();
  }

  /** An attempt ended without an answer. */
  failed(): void {
    this.#dials--;
    this.#isOpen = this.#streams > 0;
    this.#waitMs = Math.min(Math.max(2 * this.#waitMs, FIRST_WAIT_MS), MAX_WAIT_MS);
    if (!this.#isOpen) this.#options.onFailed();
    this.#next();
  }

  streamBegan(): void {
    this.#streams++;
  }

  /** With the last stream goes what was known of the peer. */
  streamEnded(): void {
    this.#streams--;
    if (this.#streams === 0) this.#isOpen = false;
  }

  /**
   * The peer seems to be back, or somewhere else: the next attempt waits for nothing, not even for the one under way, which
   * may have begun too early and hang until its timeout.
   */
  hurry(): void {
    this.#isHurried = !this.#isOpen;
    this.#waitMs = 0;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#next();
  }

  close(): void {
    this.#timer?.cancel();
    this.#waiting.clear();
  }

  #next(): void {
    for (const dial of this.#waiting) {
      if (!this.#isOpen && !this.#isHurried && (this.#dials > 0 || this.#mustWait())) return;
      this.#isHurried = false;
      this.#waiting.delete(dial);
      this.#dials++;
      this.#lastDialMs = this.#options.clock.monotonicMs();
      dial();
    }
  }

  #mustWait(): boolean {
    const { clock } = this.#options;
    const leftMs = this.#lastDialMs + this.#waitMs - clock.monotonicMs();
    if (leftMs <= 0) return false;
    this.#timer ??= clock.after(leftMs, () => {
      this.#timer = undefined;
      this.#next();
    });
    return true;
  }
}
