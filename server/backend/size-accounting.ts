/** The size of the database as quota sees it. */
export declare class SizeAccounting {
  /** Grows with writes, shrinks only by `defragment`. */
  readonly dbSize: number;
  /** Shrinks by compaction too. */
  readonly dbSizeInUse: number;
  /** A row of so many bytes (key and value) is there from now on. */
  added(rowBytes: number): void;
  removed(rowBytes: number): void;
  defragment(): void;
}
