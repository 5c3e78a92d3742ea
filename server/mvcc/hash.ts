import { must } from "../base/assert.ts";
import { equalBytes } from "../base/bytes.ts";
import { crc32c } from "../base/crc32c.ts";
import type { Revision } from "../base/ids.ts";
import { META } from "../backend/buckets.ts";
import type { Bucket } from "../backend/buckets.ts";
import { decodeRevision } from "./revision.ts";
import { RevisionMap } from "./revision-map.ts";

/** The revisions that a compaction at some revision keeps: per key the newest, unless that is a deletion. */
export class KeepSet {
  readonly #kept = new RevisionMap<true>();

  get isEmpty(): boolean {
    return this.#kept.size === 0;
  }

  has(main: Revision, sub: number): boolean {
    return this.#kept.has(main, sub);
  }

  add(main: Revision, sub: number): void {
    this.#kept.set(main, sub, true);
  }
}

export interface HashKvResult {
  readonly hash: number;
  /** Up to which revision rows were hashed. */
  readonly revision: Revision;
  /** -1 if the store was never compacted. */
  readonly compactRevision: Revision;
}

export interface HashKvOptions {
  readonly revision: Revision;
  readonly compactRevision: Revision;
  /** For `revision`, not for the compact revision: etcd's rule. */
  readonly keep: KeepSet;
}

/**
 * HashKV as etcd computes it (storage/mvcc/hash.go): CRC-32C over "key" and every row of bucket `key` up to the
 * revision that a compaction would have kept. Feed all rows in order; keys without the bucket's prefix.
 */
export class HashKv {
  readonly #options: HashKvOptions;
  #crc = crc32c(ascii("key"));

  constructor(options: HashKvOptions) {
    this.#options = options;
  }

  row(key: Uint8Array, value: Uint8Array): void {
    if (!this.#counts(key)) return;
    this.#crc = crc32c(value, crc32c(key, this.#crc));
  }

  result(): HashKvResult {
    const { revision, compactRevision } = this.#options;
    return { hash: this.#crc, revision, compactRevision };
  }

  #counts(key: Uint8Array): boolean {
    const { revision, compactRevision, keep } = this.#options;
    const { main, sub, isTombstone } = must(decodeRevision(key), "a row of bucket key has a revision as its key");
    if (main > revision) return false;
    if (main <= compactRevision && !keep.isEmpty && !keep.has(main, sub)) return false;
    return !(isTombstone && main === compactRevision);
  }
}

/** Rows that may differ between members without harm, so the hash over everything leaves them out. */
const LOCAL_META = [META.consistentIndex, META.term, META.storageVersion];

/**
 * The hash over all buckets: name, then keys and values, without lengths. Call `bucket` before its rows, for
 * empty buckets too, in order. `everything` is what etcdutl's snapshot status computes; the Hash RPC leaves
 * members' local rows out.
 */
export class BackendHash {
  readonly #isEverything: boolean;
  #bucket: Bucket | undefined;
  #crc = 0;

  constructor(scope: "everything" | "replicated" = "replicated") {
    this.#isEverything = scope === "everything";
  }

  bucket(name: Bucket): void {
    this.#bucket = name;
    this.#crc = crc32c(ascii(name), this.#crc);
  }

  row(key: Uint8Array, value: Uint8Array): void {
    if (!this.#isEverything && this.#bucket === "meta" && LOCAL_META.some((local) => equalBytes(local, key))) return;
    this.#crc = crc32c(value, crc32c(key, this.#crc));
  }

  result(): number {
    return this.#crc;
  }
}

/** As many hashes of compactions as etcd keeps, in memory only. */
const MAX_HASHES = 10;

/** The hashes that finished compactions left, newest last; what members compare to find corruption. */
export class CompactionHashes {
  #hashes: readonly HashKvResult[] = [];

  get(revision: Revision): HashKvResult | undefined {
    return this.#hashes.find((hash) => hash.revision === revision);
  }

  /** Newest first. */
  list(): readonly HashKvResult[] {
    return this.#hashes.toReversed();
  }

  store(hash: HashKvResult): void {
    this.#hashes = [...this.#hashes, hash].slice(-MAX_HASHES);
  }
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
