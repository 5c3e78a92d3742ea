import type { Index, Revision, Term } from "../base/ids.ts";
import type { ConfState } from "../proto/raft-message.ts";
import type { AnyBucket } from "./buckets.ts";
import type { StoreOperation, StoreRow } from "./store.ts";

/** What the buffer knows of a row: its bytes, that it is deleted, or (undefined) nothing: ask the store. */
export type BufferedRow = Uint8Array | "deleted" | undefined;

/** How far the rows of a batch bring the state; written with them. */
export interface AppliedPosition {
  readonly index: Index;
  readonly term: Term;
  /** Written only if given. */
  readonly confState: ConfState | undefined;
}

/** Rows applied but not yet in the store. */
export declare class WriteBuffer {
  put(bucket: AnyBucket, key: Uint8Array, value: Uint8Array): void;
  delete(bucket: AnyBucket, key: Uint8Array): void;
  get(bucket: AnyBucket, key: Uint8Array): BufferedRow;
  /** A new record of bucket `key`; revisions must come in ascending order. */
  putRevision(main: Revision, sub: number, storeKey: Uint8Array, record: Uint8Array): void;
  getRevision(main: Revision, sub: number): Uint8Array | undefined;
  /** Records that are not deleted with main ≥ `main`, in order, as store keys and values; a copy, at most `limit` rows. */
  revisionRowsFrom(main: Revision, limit?: number): readonly StoreRow[];
  /** The smallest main of a record held here. */
  readonly firstRevision: Revision | undefined;
  /** Bytes of keys and values held, both generations. */
  readonly bytes: number;
  /** Nothing to write, neither active nor sealed. */
  readonly isEmpty: boolean;
  readonly isSealed: boolean;
  /** Closes the active generation (there must be no sealed one) and returns its one atomic batch. */
  seal(position: AppliedPosition): readonly StoreOperation[];
  /** The sealed batch is in the store. */
  flushed(): void;
}
