import { must } from "../base/assert.ts";
import { equalBytes } from "../base/bytes.ts";
import { crc32c } from "../base/crc32c.ts";
import type { Revision } from "../base/ids.ts";
import { META } from "../backend/buckets.ts";
import type { Bucket } from "../backend/buckets.ts";
import { decodeRevision } from "./revision.ts";
import { RevisionMap } from "./revision-map.ts";

/** What a hash is computed of: the rows up to `revision`, as a compaction at `compactRevision` has left them. */
export interface HashPoint {
  readonly revision: Revision;
  /** -1 if the store was never compacted. */
  readonly compactRevision: Revision;
}

/** A map that grows is copied as a whole: of a million entries in one map that would hold the event loop. */
const SHARDS = 128;

/**
 * The revisions that a compaction at some revision keeps: per key the newest, unless that is a deletion. Asked only for
 * those up to the last compaction, so no others are remembered.
 */
export class KeepSet {
  readonly #compactRevision: Revision;
  readonly #shards = Array.from({ length: SHARDS }, () => new RevisionMap<true>());
  #isEmpty = true;

  constructor(compactRevision: Revision) {
    this.#compactRevision = compactRevision;
  }

  /** Whether nothing was added, remembered or not. */
  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  has(main: Revision, sub: number): boolean {
    return this.#shard(main).has(main, sub);
  }

  add(main: Revision, sub: number): void {
    this.#isEmpty = false;
    if (main <= this.#compactRevision) this.#shard(main).set(main, sub, true);
  }

  #shard(main: Revision): RevisionMap<true> {
    return must(this.#shards[main % SHARDS]);
  }
}

export interface HashKvResult extends HashPoint {
  readonly hash: number;
}

export interface HashKvOptions extends HashPoint {
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
