import { assert } from "../base/assert.ts";
import { byteString, bytesOf } from "../base/byte-string.ts";
import type { ByteString } from "../base/byte-string.ts";
import type { Index, Revision, Term } from "../base/ids.ts";
import type { ConfState } from "../proto/raft-message.ts";
import { bucketKey, META } from "./buckets.ts";
import type { AnyBucket } from "./buckets.ts";
import { confStateJson } from "./conf-state-json.ts";
import { RevisionRows } from "./revision-rows.ts";
import type { StoreOperation, StoreRow } from "./store.ts";
import { uint64Bytes } from "./uint64.ts";

/** What the buffer knows of a row: its bytes, that it is deleted, or (undefined) nothing: ask the store. */
export type BufferedRow = Uint8Array | "deleted" | undefined;

/** How far the rows of a batch bring the state; written with them. */
export interface AppliedPosition {
  readonly index: Index;
  readonly term: Term;
  /** Written only if given. */
  readonly confState: ConfState | undefined;
}

/** What one atomic batch will hold. */
class Generation {
  readonly revisions = new RevisionRows();
  /** Rows of the other buckets, and deletions of records, by store key. */
  readonly others = new Map<ByteString, Uint8Array | "deleted">();
  otherBytes = 0;

  get isEmpty(): boolean {
    return this.revisions.count === 0 && this.others.size === 0;
  }

  get bytes(): number {
    return this.revisions.bytes + this.otherBytes;
  }

  set(storeKey: Uint8Array, row: Uint8Array | "deleted"): void {
    this.others.set(byteString(storeKey), row);
    this.otherBytes += storeKey.length + (row === "deleted" ? 0 : row.length);
  }
}

/**
 * Rows applied but not yet in the store. Applying must not wait for the disk, so it writes here; a background
 * writer moves everything to the store in one atomic batch at a time, together with the consistent index.
 */
export class WriteBuffer {
  #active = new Generation();
  #sealed: Generation | undefined;

  put(bucket: AnyBucket, key: Uint8Array, value: Uint8Array): void {
    this.#active.set(bucketKey(bucket, key), value);
  }

  delete(bucket: AnyBucket, key: Uint8Array): void {
    this.#active.set(bucketKey(bucket, key), "deleted");
  }

  /** Records (bucket `key`) are asked for by `getRevision`. */
  get(bucket: AnyBucket, key: Uint8Array): BufferedRow {
    const storeKey = byteString(bucketKey(bucket, key));
    return this.#active.others.get(storeKey) ?? this.#sealed?.others.get(storeKey);
  }

  /** A new record of bucket `key`; revisions must come in ascending order. The arrays must not change any more. */
  putRevision(main: Revision, sub: number, storeKey: Uint8Array, record: Uint8Array): void {
    this.#active.revisions.append(main, sub, storeKey, record);
  }

  getRevision(main: Revision, sub: number): Uint8Array | undefined {
    return this.#active.revisions.get(main, sub) ?? this.#sealed?.revisions.get(main, sub);
  }

  /** The record is to be gone: forgotten if it never reached the store's batch, else deleted there. */
  deleteRevision(main: Revision, sub: number, storeKey: Uint8Array): void {
    if (!this.#active.revisions.remove(main, sub)) this.#active.set(storeKey, "deleted");
  }

  /** Records with main ≥ `main` that are not deleted, in order, as store keys and values; at most `limit` rows. */
  revisionRowsFrom(main: Revision, limit = Infinity): readonly StoreRow[] {
    const rows: StoreRow[] = [];
    this.#sealed?.revisions.collectFrom(main, limit, rows);
    this.#active.revisions.collectFrom(main, limit, rows);
    return rows;
  }

  /** The smallest main of a record held here. */
  get firstRevision(): Revision | undefined {
    return this.#sealed?.revisions.firstMain ?? this.#active.revisions.firstMain;
  }

  /** Bytes of keys and values held, both generations. */
  get bytes(): number {
    return this.#active.bytes + (this.#sealed?.bytes ?? 0);
  }

  /** Rows that the next batch will hold. */
  get activeRows(): number {
    return this.#active.revisions.count + this.#active.others.size;
  }

  /** Nothing to write, neither active nor sealed (the position may still have moved). */
  get isEmpty(): boolean {
    return this.#active.isEmpty && this.#sealed === undefined;
  }

  get isSealed(): boolean {
    return this.#sealed !== undefined;
  }

  /** Closes the active generation and returns its one atomic batch. Only one may be under way: `flushed` first. */
  seal(position: AppliedPosition): readonly StoreOperation[] {
    assert(this.#sealed === undefined, "one batch is written at a time");
    const generation = this.#active;
    this.#active = new Generation();
    this.#sealed = generation;
    const operations: StoreOperation[] = generation.revisions.operations();
    for (const [key, row] of generation.others) {
      operations.push({ key: bytesOf(key), value: row === "deleted" ? undefined : row });
    }
    operations.push(...positionRows(position));
    return operations;
  }

  /** The sealed batch is in the store. */
  flushed(): void {
    assert(this.#sealed !== undefined, "a batch was under way");
    this.#sealed = undefined;
  }
}

function positionRows({ index, term, confState }: AppliedPosition): StoreOperation[] {
  const rows: StoreOperation[] = [];
  const meta = (key: Uint8Array, value: Uint8Array): number => rows.push({ key: bucketKey("meta", key), value });
  // etcd never stores a zero here.
  if (index > 0) meta(META.consistentIndex, uint64Bytes(index));
  if (term > 0) meta(META.term, uint64Bytes(term));
  if (confState) meta(META.confState, confStateJson(confState));
  return rows;
}
