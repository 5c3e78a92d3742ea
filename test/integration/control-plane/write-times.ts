/** When writes were acknowledged and how long each took. */
export class WriteTimes {
  readonly #tookMs: number[] = [];
  #lastMs: number | undefined;
  #longestGapMs = 0;

  get count(): number {
    return this.#tookMs.length;
  }

  /** The longest time without an acknowledged write. */
  get longestGapMs(): number {
    return this.#longestGapMs;
  }

  /** A write that began then was acknowledged now. */
  acknowledged(beganMs: number, nowMs: number): void {
    this.#tookMs.push(nowMs - beganMs);
    if (this.#lastMs !== undefined) this.#longestGapMs = Math.max(this.#longestGapMs, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
  }

  /** The time that this share of the writes did not exceed. */
  percentile(share: number): number {
    const sorted = this.#tookMs.toSorted((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  }
}
