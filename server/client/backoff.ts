/** Pauses between attempts: each twice as long as the one before, up to a limit; from the start again after a success. */
export class Backoff {
  readonly #firstMs: number;
  readonly #maxMs: number;
  #nextMs: number;

  constructor(firstMs = 50, maxMs = 2000) {
    this.#firstMs = firstMs;
    this.#maxMs = maxMs;
    this.#nextMs = firstMs;
  }

  /** How long to wait now. */
  next(): number {
    const now = this.#nextMs;
    this.#nextMs = Math.min(now * 2, this.#maxMs);
    return now;
  }

  reset(): void {
    this.#nextMs = this.#firstMs;
  }
}
