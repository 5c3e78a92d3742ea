import type { Slices } from "../base/slices.ts";
import type { Clock } from "../ports/clock.ts";

/**
 * Hands out turns of the event loop to work that is cut into slices, one slice a turn whoever asks: ten large reads at once
 * hold the loop no longer than one.
 */
export class Turns {
  readonly #clock: Clock;
  readonly #waiting: (() => void)[] = [];
  #isDue = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when everything else that was due has had its turn, and those who asked before. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#wake();
    });
  }

  /** Does work in slices, others having their turn between two of them. */
  async run<T>(slices: Slices<T>): Promise<T> {
    let step = slices.next();
    for (; step.done !== true; step = slices.next()) await this.next();
    return step.value;
  }

  #wake(): void {
    if (this.#isDue || this.#waiting.length === 0) return;
    this.#isDue = true;
    this.#clock.nextTurn(() => {
      this.#isDue = false;
      this.#waiting.shift()?.();
      this.#wake();
    });
  }
}
