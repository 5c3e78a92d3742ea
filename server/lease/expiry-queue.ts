import { Heap } from "../base/heap.ts";

interface Entry<T> {
  readonly item: T;
  readonly atMs: number;
}

/** Below this size stale entries do not matter. */
const MIN_SWEEP = 64;

/**
 * Items by the time at which they are due. An item that is postponed keeps its one entry, which moves when it
 * comes up: a keep-alive costs nothing here. `dueMs` gives an item's real time, undefined once it is gone.
 */
export class ExpiryQueue<T> {
  readonly #dueMs: (item: T) => number | undefined;
  readonly #heap = new Heap<Entry<T>>((a, b) => a.atMs < b.atMs);
  #liveCount = 0;

  constructor(dueMs: (item: T) => number | undefined) {
    this.#dueMs = dueMs;
  }

  /** Replaces everything. */
  reset(items: Iterable<T>): void {
    const entries: Entry<T>[] = [];
    for (const item of items) {
      const atMs = this.#dueMs(item);
      if (atMs !== undefined) entries.push({ item, atMs });
    }
    this.#heap.reset(entries);
    this.#liveCount = entries.length;
  }

  /** The item must not be here yet. */
  add(item: T, atMs: number): void {
    this.#liveCount++;
    this.#heap.push({ item, atMs });
  }

  /** An item is gone (`dueMs` knows). Its entry is left until it comes up, or until most entries are such. */
  forget(): void {
    this.#liveCount--;
    if (this.#heap.size > MIN_SWEEP && this.#heap.size > 2 * this.#liveCount) this.#sweep();
  }

  /** Takes out the items that are due, the earliest first, at most `limit`; `add` them again if they go on. */
  takeDue(nowMs: number, limit: number): readonly T[] {
    const due: T[] = [];
    for (let top = this.#heap.peek(); top && top.atMs <= nowMs && due.length < limit; top = this.#heap.peek()) {
      this.#heap.pop();
      const atMs = this.#dueMs(top.item);
      if (atMs === undefined) continue;
      if (atMs > nowMs) this.#heap.push({ item: top.item, atMs });
      else due.push(top.item);
    }
    this.#liveCount -= due.length;
    return due;
  }

  #sweep(): void {
    const items: T[] = [];
    for (let entry = this.#heap.pop(); entry; entry = this.#heap.pop()) items.push(entry.item);
    this.reset(items);
  }
}
