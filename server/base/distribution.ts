/** Upper bounds of buckets, each twice the one before. */
export function doublingBounds(first: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, at) => first * 2 ** at);
}

/**
 * How often values fell into which bucket, and their sum. Plain numbers, so that observing costs next to nothing: names and
 * labels are given to them only when somebody asks.
 */
export class Distribution {
  readonly bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;

  /** Bounds are inclusive and ascend; what is above the last one counts, too. */
  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  observe(value: number): void {
    const { bounds } = this;
    let at = 0;
    while (at < bounds.length && value > (bounds[at] as number)) at++;
    (this.#counts[at] as number)++;
    this.#sum += value;
  }

  get sum(): number {
    return this.#sum;
  }

  get count(): number {
    return this.#counts.reduce((total, count) => total + count, 0);
  }

  /** How many values were at or below each bound. */
  get cumulative(): readonly number[] {
    let total = 0;
    return this.bounds.map((_, at) => (total += this.#counts[at] as number));
  }
}
