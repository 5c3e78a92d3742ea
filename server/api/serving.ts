/** Whether clients should come here, and who wants to know when that changes. */
export class Serving {
  #isServing = true;
  readonly #listeners = new Set<() => void>();

  get isServing(): boolean {
    return this.#isServing;
  }

  /** Runs at every change, until it is taken back. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Sends clients away while a task runs. */
  async awayDuring(task: () => Promise<void>): Promise<void> {
    this.#set(false);
    try {
      await task();
    } finally {
      this.#set(true);
    }
  }

  #set(isServing: boolean): void {
    if (isServing === this.#isServing) return;
    this.#isServing = isServing;
    for (const listener of this.#listeners) listener();
  }
}
