import type { Index } from "../base/ids.ts";

/**
 * How far committed entries have been handed out and applied, and how many wire bytes lie between the two.
 * Handing out pauses at the limit. Invariant: applied <= applying.
 */
export class ApplyWindow {
  readonly #maxSize: number;
  #size = 0;
  #applying: Index;
  #applied: Index;
  #isPaused = false;

  constructor(applied: Index, maxSize: number) {
    this.#applying = applied;
    this.#applied = applied;
    this.#maxSize = maxSize;
  }

  /** The last index that was handed out. */
  get applying(): Index {
    return this.#applying;
  }

  /** The last index that was applied. */
  get applied(): Index {
    return this.#applied;
  }

  /** Nothing more is handed out until something is applied. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Wire bytes that may still be handed out. */
  get room(): number {
    return this.#maxSize - this.#size;
  }

  /** Entries up to `last` were handed out; `hasMore` tells that the limit cut them short. */
  accept(last: Index, { size, hasMore }: { readonly size: number; readonly hasMore: boolean }): void {
    this.#applying = last;
    this.#size += size;
    this.#isPaused = this.#size >= this.#maxSize || hasMore;
  }

  /** Entries up to an index were applied. */
  appliedTo(index: Index, size: number): void {
    this.#applied = index;
    this.#applying = Math.max(this.#applying, index);
    this.#size = Math.max(0, this.#size - size);
    this.#isPaused = this.#size >= this.#maxSize;
  }
}
