/** A binary heap: the least element first, O(log n) to add or take one. */
export class Heap<T> {
  readonly #isBefore: (a: T, b: T) => boolean;
  #items: T[] = [];

  constructor(isBefore: (a: T, b: T) => boolean) {
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#items.length;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    const items = this.#items;
    let child = items.length;
    items.push(item);
    while (child > 0) {
      const parent = (child - 1) >> 1;
      const above = items[parent] as T;
      if (!this.#isBefore(item, above)) break;
      items[child] = above;
      child = parent;
    }
    items[child] = item;
  }

  pop(): T | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (items.length > 0) this.#sink(last as T);
    return first;
  }

  /** Replaces everything; O(n log n). */
  reset(items: readonly T[]): void {
    // A sorted array is a heap.
    this.#items = items.toSorted((a, b) => {
      if (this.#isBefore(a, b)) return -1;
      return this.#isBefore(b, a) ? 1 : 0;
    });
  }

  #sink(item: T): void {
    const items = this.#items;
    const half = items.length >> 1;
    let parent = 0;
    while (parent < half) {
      let child = 2 * parent + 1;
      const right = child + 1;
      if (right < items.length && this.#isBefore(items[right] as T, items[child] as T)) child = right;
      if (!this.#isBefore(items[child] as T, item)) break;
      items[parent] = items[child] as T;
      parent = child;
    }
    items[parent] = item;
  }
}
