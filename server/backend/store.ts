/** One change of a batch: with a value it puts, without one it deletes. */
export interface StoreOperation {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}

export type StoreRow = readonly [key: Uint8Array, value: Uint8Array];

/** A half-open range of keys in bytewise order; `to` undefined means "to the end". */
export interface StoreRange {
  readonly from: Uint8Array;
  readonly to: Uint8Array | undefined;
}

/**
 * Reads a range in key order as the store was when the scan was opened; later writes are not seen.
 * Exactly one `next` may be under way at a time. `close` must be called, also after the last row.
 */
export interface StoreScan {
  /** The next rows, about `byteLimit` bytes of them; an empty slice means the range has ended. */
  next(byteLimit: number): Promise<readonly StoreRow[]>;
  close(): Promise<void>;
}

/**
 * An ordered map of byte strings on disk: the smallest interface that LevelDB and its kin share.
 * The arrays handed in must not be changed afterwards; the arrays handed out belong to the caller.
 */
export interface Store {
  /** The values in the order of the keys; undefined where there is none. */
  getMany(keys: readonly Uint8Array[]): Promise<readonly (Uint8Array | undefined)[]>;
  /** Atomic, and ordered after every earlier write. With `sync` this and all earlier writes survive a power cut. */
  write(operations: readonly StoreOperation[], options: { readonly sync: boolean }): Promise<void>;
  scan(range: StoreRange): StoreScan;
  /** Gives the space of deleted rows back to the file system. */
  compact(range: StoreRange): Promise<void>;
  /** Bytes on disk, for operators to look at; quota uses our own accounting. */
  sizeOnDisk(): Promise<number>;
  close(): Promise<void>;
}
