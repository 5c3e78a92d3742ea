/** Gives a pin back; calling it again does nothing. */
export type Unpin = () => void;

/**
 * Reads that still have to fetch records. A compaction may delete rows once every read that began before it is
 * done; reads that begin later cannot name them any more.
 */
export class Pins {
  readonly #held = new Set<object>();
  #waiters: { readonly held: Set<object>; readonly resolve: () => void }[] = [];

  /** How many are held now. */
  get count(): number {
    return this.#held.size;
  }

  pin(): Unpin {
    const pin = {};
    this.#held.add(pin);
    return () => {
      if (this.#held.delete(pin)) this.#release(pin);
    };
  }

  /** Resolves when all pins that are held now have been given back. */
  async earlierReleased(): Promise<void> {
    if (this.#held.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#waiters.push({ held: new Set(this.#held), resolve });
    });
  }

  #release(pin: object): void {
    if (this.#waiters.length === 0) return;
    for (const waiter of this.#waiters) {
      if (waiter.held.delete(pin) && waiter.held.size === 0) waiter.resolve();
    }
    this.#waiters = this.#waiters.filter((waiter) => waiter.held.size > 0);
  }
}
