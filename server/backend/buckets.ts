import { must } from "../base/assert.ts";
import type { StoreRange } from "./store.ts";

/** etcd's buckets in the order of their names, which is the order of a full scan, of snapshots and of the hash. */
export const BUCKETS = [
  "alarm",
  "auth",
  "authRoles",
  "authUsers",
  "cluster",
  "key",
  "lease",
  "members",
  "members_removed",
  "meta",
] as const;
export type Bucket = (typeof BUCKETS)[number];

/** Ours alone: rows that snapshots and hashes must not show. It sorts before all of etcd's buckets. */
export const PRIVATE = "private";
export type AnyBucket = Bucket | typeof PRIVATE;

const PREFIX = {
  private: 0x01,
  alarm: 0x10,
  auth: 0x11,
  authRoles: 0x12,
  authUsers: 0x13,
  cluster: 0x14,
  key: 0x15,
  lease: 0x16,
  members: 0x17,
  members_removed: 0x18,
  meta: 0x19,
} as const satisfies Record<AnyBucket, number>;

const BUCKET_OF = new Map<number, AnyBucket>(
  ([PRIVATE, ...BUCKETS] as const).map((bucket) => [PREFIX[bucket], bucket]),
);

/** The first byte of every key-bucket row in the store. */
export const KEY_PREFIX: number = PREFIX.key;

/** Rows of bucket `meta`, as etcd names them. */
export const META = {
  consistentIndex: ascii("consistent_index"),
  term: ascii("term"),
  confState: ascii("confState"),
  storageVersion: ascii("storageVersion"),
  scheduledCompactRevision: ascii("scheduledCompactRev"),
  finishedCompactRevision: ascii("finishedCompactRev"),
} as const;

/** Rows of bucket `cluster`. */
export const CLUSTER = { clusterVersion: ascii("clusterVersion"), downgrade: ascii("downgrade") } as const;

/** Rows of bucket `auth`. */
export const AUTH = { enabled: ascii("authEnabled"), revision: ascii("authRevision") } as const;

/** Rows of our own prefix. */
export const PRIVATE_ROWS = { formatVersion: ascii("formatVersion"), dbSize: ascii("dbSize") } as const;

/** Where a bucket's row lies in the store. */
export function bucketKey(bucket: AnyBucket, key: Uint8Array): Uint8Array {
  const storeKey = new Uint8Array(1 + key.length);
  storeKey[0] = PREFIX[bucket];
  storeKey.set(key, 1);
  return storeKey;
}

/** All rows of a bucket, or those from `from` on. */
export function bucketRange(bucket: AnyBucket, from?: Uint8Array): StoreRange {
  const prefix = PREFIX[bucket];
  return { from: from ? bucketKey(bucket, from) : Uint8Array.of(prefix), to: Uint8Array.of(prefix + 1) };
}

/** All rows of etcd's buckets in order: what a snapshot holds. */
export const ALL_BUCKETS: StoreRange = { from: Uint8Array.of(PREFIX.alarm), to: Uint8Array.of(PREFIX.meta + 1) };

/** The bucket and the key within it (a view, not a copy) of a key in the store. */
export function splitBucketKey(storeKey: Uint8Array): { readonly bucket: AnyBucket; readonly key: Uint8Array } {
  const bucket = must(BUCKET_OF.get(must(storeKey[0])), "a key in the store begins with a bucket's prefix");
  return { bucket, key: storeKey.subarray(1) };
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
