/** Bytes of short-lived buffers after which the young generation is collected. */
const COLLECT_AFTER_BYTES = 2 * 1024 * 1024;

/**
 * Collects young garbage early while much data passes through. Rows out of LevelDB and messages on their way out are
 * buffers whose memory is outside of V8's heap: left to itself V8 would gather a hundred thousand of them, hold their memory,
 * and then stop the event loop for as long as it takes to free them all, or collect the whole heap several times a second
 * for the memory's sake. Collected every few megabytes this takes well below a millisecond.
 *
 * Needs Node's `--expose-gc`, which our launchers give; without it, nothing is done.
 */
export class YoungCollection {
  #bytes = 0;

  /** Some bytes have been handed out which are garbage soon. */
  passed(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < COLLECT_AFTER_BYTES) return;
    this.#bytes = 0;
    globalThis.gc?.({ type: "minor" });
  }
}
