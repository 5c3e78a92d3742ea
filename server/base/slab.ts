const SLAB_BYTES = 64 * 1024;
/** Larger arrays get memory of their own: they would leave too much of a slab unused. */
const MAX_PART = SLAB_BYTES / 8;

/**
 * Cuts small arrays out of large ones, which is several times cheaper than to allocate each: for many short
 * byte strings that live about equally long, since any one of them keeps its whole slab alive.
 */
export class Slab {
  #buffer = new ArrayBuffer(0);
  #used = 0;

  /** A zeroed array of this length. */
  take(length: number): Uint8Array {
    if (length > MAX_PART) return new Uint8Array(length);
    if (this.#used + length > this.#buffer.byteLength) {
      this.#buffer = new ArrayBuffer(SLAB_BYTES);
      this.#used = 0;
    }
    const part = new Uint8Array(this.#buffer, this.#used, length);
    this.#used += length;
    return part;
  }
}

/** The same bytes in memory of their own, if they are a part of something larger. */
export function detached(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
}
