import type { Store, StoreOperation, StoreRange, StoreScan } from "./store.ts";

/** The store in memory, for tests and simulation. */
export declare class MemoryStore implements Store {
  getMany(keys: readonly Uint8Array[]): Promise<readonly (Uint8Array | undefined)[]>;
  write(operations: readonly StoreOperation[], options: { readonly sync: boolean }): Promise<void>;
  scan(range: StoreRange): StoreScan;
  compact(range: StoreRange): Promise<void>;
  sizeOnDisk(): Promise<number>;
  close(): Promise<void>;
}
