import { assert } from "../base/assert.ts";

/** Keys of a block, at most. */
export const BLOCK_KEYS = 64;
/** Blocks of a page: one bit of a mask each. */
const PAGE_BLOCKS = 32;
const ALL_FREE = 0xffffffff;

/** Numbers of a key that may exceed 32 bits: main, createRevision, version. */
const NUMBERS = 3;
/** Numbers of a key that fit into 32 bits: end of its bytes, mark, rowBytes. */
const WORDS = 3;

/**
 * Memory for the columns of some blocks. They share few large arrays, since an array costs the garbage collector
 * the same whatever its size. A place is the number of a block's first key in the page, a slot that of a key
 * in its block.
 */
export class ColumnPage {
  /** Of the key in slot s at place p, from (p + s) * 3 on: main, createRevision, version. */
  readonly numbers: Float64Array;
  /** Of the block at place p, from 3 * p on, for each slot: the end of its bytes; then the marks; then rowBytes. */
  readonly words: Uint32Array;
  /** Of the block at place p, from p on: its slots in the order of their keys. */
  readonly order: Uint8Array;
  #free = ALL_FREE;

  constructor() {
    const keys = PAGE_BLOCKS * BLOCK_KEYS;
    const wordsAt = keys * NUMBERS * 8;
    const orderAt = wordsAt + keys * WORDS * 4;
    const buffer = new ArrayBuffer(orderAt + keys);
    this.numbers = new Float64Array(buffer, 0, keys * NUMBERS);
    this.words = new Uint32Array(buffer, wordsAt, keys * WORDS);
    this.order = new Uint8Array(buffer, orderAt, keys);
  }

  get isFull(): boolean {
    return this.#free === 0;
  }

  get isEmpty(): boolean {
    return this.#free === ALL_FREE;
  }

  take(): number {
    assert(!this.isFull, "a full page is asked for no place");
    const bit = 31 - Math.clz32(this.#free);
    this.#free = (this.#free & ~(1 << bit)) >>> 0;
    return bit * BLOCK_KEYS;
  }

  release(place: number): void {
    this.#free = (this.#free | (1 << (place / BLOCK_KEYS))) >>> 0;
  }
}

/** The pages of one index. */
export class ColumnPages {
  /** Those with free places; full ones are known to their blocks alone. */
  readonly #open = new Set<ColumnPage>();

  /** A place that nobody else has until it is released. */
  take(): { readonly page: ColumnPage; readonly place: number } {
    const page = this.#withRoom();
    const place = page.take();
    if (page.isFull) this.#open.delete(page);
    return { page, place };
  }

  release(page: ColumnPage, place: number): void {
    page.release(place);
    if (page.isEmpty) this.#open.delete(page);
    else this.#open.add(page);
  }

  #withRoom(): ColumnPage {
    for (const page of this.#open) return page;
    const page = new ColumnPage();
    this.#open.add(page);
    return page;
  }
}
