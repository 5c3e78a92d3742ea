import type { Revision } from "../base/ids.ts";
import { detached } from "../base/slab.ts";
import { RevisionMap } from "./revision-map.ts";

/** What the cache may hold if nothing else is said. */
export const DEFAULT_CACHE_BYTES = 32 * 1024 * 1024;

/** What an entry costs besides its record: map slot and array object. */
const ENTRY_OVERHEAD = 128;

/**
 * Stored records (raw bytes) of recent and hot revisions, bounded in bytes. Two generations: what is used moves
 * to the young one; when that has half of the bytes, the old one is dropped as a whole and the young one becomes
 * old. Nearly as good as LRU, without a list to keep.
 */
export class ValueCache {
  readonly #maxYoungBytes: number;
  #young = new RevisionMap<Uint8Array>();
  #old = new RevisionMap<Uint8Array>();
  #youngBytes = 0;
  #oldBytes = 0;

  constructor(maxBytes: number = DEFAULT_CACHE_BYTES) {
    this.#maxYoungBytes = maxBytes / 2;
  }

  get bytes(): number {
    return this.#youngBytes + this.#oldBytes;
  }

  get(main: Revision, sub: number): Uint8Array | undefined {
    const record = this.#young.get(main, sub);
    if (record) return record;
    const old = this.#old.get(main, sub);
    // A copy: the record may be a small part of a slab, which goes with the old generation.
    if (old) this.set(main, sub, detached(old));
    return old;
  }

  /** A record is known here at most once in each generation; a record larger than half of the cache is not held. */
  set(main: Revision, sub: number, record: Uint8Array): void {
    const bytes = record.length + ENTRY_OVERHEAD;
    if (bytes > this.#maxYoungBytes || this.#young.has(main, sub)) return;
    if (this.#youngBytes + bytes > this.#maxYoungBytes) this.#turn();
    this.#young.set(main, sub, record);
    this.#youngBytes += bytes;
  }

  #turn(): void {
    this.#old = this.#young;
    this.#oldBytes = this.#youngBytes;
    this.#young = new RevisionMap();
    this.#youngBytes = 0;
  }
}
