import type { Random } from "../../../server/base/prng.ts";
import type { Clock, Timer } from "../../../server/ports/clock.ts";
import { PeerCallError } from "../../../server/ports/peer-call-error.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** One call in so many takes a while; the others are done in the same turn. */
const SLOW_ONE_IN = 6;
const SLOWEST_CALL_MS = 8;

/** How a process's clock differs from the simulation's. */
export interface ClockSkew {
  /** Its seconds are this much longer or shorter. */
  readonly rate: number;
  readonly unixOffsetMs: number;
}

export interface ProcessOptions {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly skew: ClockSkew;
  /** Asked at every call to a port: true ends the process there and then. */
  readonly diesAt: (operation: string, path: string) => boolean;
}

/** One run of a member: once it is dead none of its timers runs and none of its calls to the world comes back. */
export class SimulatedProcess implements Clock {
  readonly #options: ProcessOptions;
  readonly #startMs: number;
  readonly #death = Promise.withResolvers<never>();
  #isAlive = true;

  constructor(options: ProcessOptions) {
    this.#options = options;
    this.#startMs = options.time.nowMs;
    this.#death.promise.catch(() => undefined);
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** In the simulation's time. */
  get startMs(): number {
    return this.#startMs;
  }

  /** Rejects when the process ends: what those who are connected to it see. */
  get death(): Promise<never> {
    return this.#death.promise;
  }

  kill(): void {
    this.#isAlive = false;
    this.#death.reject(new PeerCallError("connection reset by peer"));
  }

  /** To be passed before an effect: does not come back in a dead process, and takes its time now and then. */
  async gate(operation: string, path: string): Promise<void> {
    const { time, random, diesAt } = this.#options;
    if (this.#isAlive && random.below(SLOW_ONE_IN) === 0) await time.pause(random.below(SLOWEST_CALL_MS));
    if (this.#isAlive && diesAt(operation, path)) this.kill();
    if (!this.#isAlive) await new Promise<never>(() => undefined);
  }

  monotonicMs(): number {
    return this.#own(this.#options.time.nowMs);
  }

  /** A moment of the simulation on this process's monotonic clock. */
  #own(timeMs: number): number {
    return 1000 + (timeMs - this.#startMs) * this.#options.skew.rate;
  }

  toMonotonicMs(timeMs: number): number {
    return this.#own(timeMs);
  }

  unixMs(): number {
    return Math.floor(1.8e12 + this.#options.skew.unixOffsetMs + this.#options.time.nowMs * this.#options.skew.rate);
  }

  after(delayMs: number, run: () => void): Timer {
    return this.#options.time.after(delayMs / this.#options.skew.rate, () => {
      if (this.#isAlive) run();
    });
  }

  every(periodMs: number, run: () => void): Timer {
    let timer: Timer;
    let isCancelled = false;
    const again = (): void => {
      run();
      if (!isCancelled) timer = this.after(periodMs, again);
    };
    timer = this.after(periodMs, again);
    return {
      cancel: () => {
        isCancelled = true;
        timer.cancel();
      },
    };
  }

  nextTurn(run: () => void): void {
    this.after(0, run);
  }
}
