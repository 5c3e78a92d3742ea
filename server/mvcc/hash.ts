import type { Revision } from "../base/ids.ts";
import type { Bucket } from "../backend/buckets.ts";

/** The revisions that a compaction at some revision keeps: per key the newest, unless that is a deletion. */
export interface KeepSet {
  readonly isEmpty: boolean;
  has(main: Revision, sub: number): boolean;
}

export interface HashKvResult {
  readonly hash: number;
  readonly revision: Revision;
  /** -1 if the store was never compacted. */
  readonly compactRevision: Revision;
}

/** HashKV as etcd computes it: feed every row of bucket `key` in order (keys without the bucket's prefix). */
export declare class HashKv {
  constructor(options: { readonly revision: Revision; readonly compactRevision: Revision; readonly keep: KeepSet });
  row(key: Uint8Array, value: Uint8Array): void;
  result(): HashKvResult;
}

/** The hash over all buckets: feed `bucket` before its rows, also for empty buckets. */
export declare class BackendHash {
  bucket(name: Bucket): void;
  row(key: Uint8Array, value: Uint8Array): void;
  result(): number;
}
