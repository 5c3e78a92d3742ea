const PAGE_BYTES = 4096;
/** What an etcd without keys occupies. */
const BASE_BYTES = 5 * PAGE_BYTES;
/** What of a page rows fill: bbolt leaves 10 % free in the key bucket. */
const PAGE_FILL = 3686;
/** The element header of a row in a bbolt page. */
const ROW_OVERHEAD = 16;

/**
 * The size of the database as quota sees it. LevelDB's files say nothing about that, so we count the rows and
 * put them into imagined pages of 4 KiB: deleting leaves free pages behind, which only `defragment` gives back.
 */
export class SizeAccounting {
  #rowBytes = 0;
  #dbSize = BASE_BYTES;

  /** Grows with writes, shrinks only by `defragment`. */
  get dbSize(): number {
    return this.#dbSize;
  }

  /** Shrinks by compaction too. */
  get dbSizeInUse(): number {
    return BASE_BYTES + Math.floor(this.#rowBytes / PAGE_FILL) * PAGE_BYTES;
  }

  /** A row of so many bytes (key and value) is there from now on. */
  added(rowBytes: number): void {
    this.#rowBytes += rowBytes + ROW_OVERHEAD;
    this.#grow(this.dbSizeInUse);
  }

  removed(rowBytes: number): void {
    this.#rowBytes -= rowBytes + ROW_OVERHEAD;
  }

  defragment(): void {
    this.#dbSize = this.dbSizeInUse;
  }

  /** The size that was written down before a restart: free pages are not in the rows. */
  restore(dbSize: number): void {
    this.#grow(dbSize);
  }

  #grow(dbSize: number): void {
    if (dbSize > this.#dbSize) this.#dbSize = dbSize;
  }
}
