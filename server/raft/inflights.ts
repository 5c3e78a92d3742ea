import type { Index } from "../base/ids.ts";
import { assert, must } from "../base/assert.ts";

const FIRST_CAPACITY = 8;

/**
 * The append messages that were sent to one follower and not yet acknowledged, each with the index of its
 * last entry and its payload bytes. Bounds what a slow follower can make us hold in flight.
 */
export class Inflights {
  readonly #maxMessages: number;
  readonly #maxBytes: number;
  #indexes: Index[] = [];
  #sizes: number[] = [];
  #start = 0;
  #count = 0;
  #bytes = 0;

  /** The byte limit is soft: the message that crosses it is still sent. */
  constructor(maxMessages: number, maxBytes: number) {
    this.#maxMessages = maxMessages;
    this.#maxBytes = maxBytes;
  }

  /** Messages in flight. */
  get count(): number {
    return this.#count;
  }

  /** Whether nothing more may be sent until something is acknowledged. */
  get isFull(): boolean {
    return this.#count >= this.#maxMessages || this.#bytes >= this.#maxBytes;
  }

  /** Notes a message that was sent; indexes never go back. */
  add(index: Index, bytes: number): void {
    assert(!this.isFull, "no append is sent into a full window");
    if (this.#count === this.#indexes.length) this.#grow();
    const at = (this.#start + this.#count) % this.#indexes.length;
    this.#indexes[at] = index;
    this.#sizes[at] = bytes;
    this.#count++;
    this.#bytes += bytes;
  }

  /** Forgets every message whose last entry is at or below the acknowledged index. */
  freeUpTo(index: Index): void {
    while (this.#count > 0 && must(this.#indexes[this.#start]) <= index) {
      this.#bytes -= must(this.#sizes[this.#start]);
      this.#start = (this.#start + 1) % this.#indexes.length;
      this.#count--;
    }
  }

  /** Forgets all messages. */
  reset(): void {
    this.#start = 0;
    this.#count = 0;
    this.#bytes = 0;
  }

  /** Doubles the ring and unrolls it; the maximum may be far larger than what is ever used. */
  #grow(): void {
    const capacity = Math.max(FIRST_CAPACITY, this.#indexes.length * 2);
    const unroll = (ring: readonly number[]) =>
      Array.from({ length: capacity }, (_, i) => (i < this.#count ? must(ring[(this.#start + i) % ring.length]) : 0));
    this.#indexes = unroll(this.#indexes);
    this.#sizes = unroll(this.#sizes);
    this.#start = 0;
  }
}
