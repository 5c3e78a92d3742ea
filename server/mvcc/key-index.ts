import type { ByteString } from "../base/byte-string.ts";
import type { Revision } from "../base/ids.ts";
import type { KeyBlock } from "./key-block.ts";
import type { KeyVersion } from "./key-version.ts";

/**
 * The history of one key, as a handle: the numbers are in the key's block. It is valid until keys come to the index
 * or leave it, a visitor's one only during the visit; new versions of keys that are there do not disturb it.
 */
export class KeyIndex {
  #block: KeyBlock;
  #slot: number;

  constructor(block: KeyBlock, slot: number) {
    this.#block = block;
    this.#slot = slot;
  }

  /** Becomes the handle of another key. */
  moveTo(block: KeyBlock, slot: number): this {
    this.#block = block;
    this.#slot = slot;
    return this;
  }

  /** Made of the block's bytes at every call. */
  get key(): ByteString {
    return this.#block.keyOf(this.#slot);
  }

  get isAlive(): boolean {
    return !this.#block.isTombstone(this.#slot);
  }

  /** Of the newest version. */
  get createRevision(): Revision {
    return this.#block.createRevision(this.#slot);
  }

  /** Of the newest version. */
  get version(): number {
    return this.#block.version(this.#slot);
  }

  newest(): KeyVersion {
    return this.#block.newest(this.#slot);
  }

  add(next: KeyVersion): void {
    this.#block.add(this.#slot, next);
  }

  /** Whether the key has a value at the revision. */
  isAliveAt(revision: Revision): boolean {
    if (this.#block.main(this.#slot) <= revision) return this.isAlive;
    const { past } = this.#block;
    const count = past?.countTo(this.#slot, revision) ?? 0;
    return past !== undefined && count > 0 && !past.isTombstone(this.#slot, count - 1);
  }

  /** The newest version at the revision, a deletion too; undefined before the first. */
  at(revision: Revision): KeyVersion | undefined {
    if (this.#block.main(this.#slot) <= revision) return this.newest();
    const { past } = this.#block;
    const count = past?.countTo(this.#slot, revision) ?? 0;
    return past && count > 0 ? past.get(this.#slot, count - 1) : undefined;
  }

  /**
   * Drops what a compaction at `revision` makes unreachable: every version older than the newest one at it,
   * and that one too if it is a deletion from before `revision` (exactly at it the deletion stays until the
   * next compaction, as in etcd since 3.5.16). Returns whether anything is left; if not, the key has to go.
   */
  compact(revision: Revision, dropped: KeyVersion[]): boolean {
    const { past } = this.#block;
    const main = this.#block.main(this.#slot);
    if (main <= revision) {
      this.#dropPast(past?.count(this.#slot) ?? 0, dropped);
      if (this.isAlive || main === revision) return true;
      dropped.push(this.newest());
      return false;
    }
    const count = past?.countTo(this.#slot, revision) ?? 0;
    if (!past || count === 0) return true;
    const isGone = past.isTombstone(this.#slot, count - 1) && past.main(this.#slot, count - 1) < revision;
    this.#dropPast(isGone ? count : count - 1, dropped);
    return true;
  }

  #dropPast(count: number, dropped: KeyVersion[]): void {
    const { past } = this.#block;
    if (!past || count === 0) return;
    for (let ordinal = 0; ordinal < count; ordinal++) dropped.push(past.get(this.#slot, ordinal));
    past.dropOldest(this.#slot, count);
  }
}
