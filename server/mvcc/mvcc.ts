import type { LeaseId, Revision } from "../base/ids.ts";
import type { KeyValue } from "../proto/gen/kv_pb.js";
import type { RangeRequest, RangeResponse } from "../proto/gen/rpc_pb.js";
import type { Deferred } from "./deferred.ts";
import type { HashKvResult, KeepSet } from "./hash.ts";
import type { RevisionKey } from "./revision.ts";

/** What is left of a compaction to do: the index and the rows. */
export interface CompactionJob {
  readonly revision: Revision;
  /** -1 if none; what the compaction's own hash is computed with. */
  readonly previousRevision: Revision;
  /** It was interrupted by a restart; its hash is not stored then. */
  readonly isResumed: boolean;
}

/** The key-value store with its history, in memory but for the values. */
export declare class Mvcc {
  readonly currentRevision: Revision;
  /** -1 before the first compaction. */
  readonly compactRevision: Revision;
  /** Distinct keys alive now. */
  readonly keyCount: number;

  /** Throws DomainError compacted or future-revision. Everything at once: up to some thousand keys. */
  planRange(request: RangeRequest): Deferred<RangeResponse>;
  /** The same in slices: run it with pauses; throws compacted if a compaction overtakes it. */
  planRangeSliced(request: RangeRequest): Generator<undefined, Deferred<RangeResponse>>;

  /** The record's bytes if memory holds them: buffer, then cache. Otherwise read the store at `rowKey(revision)`. */
  record(revision: RevisionKey): Uint8Array | undefined;
  /** What was read from the store goes into the cache. */
  remember(revision: RevisionKey, record: Uint8Array): void;
  /** The record a key had at a revision, for prev_kv of an event (mod_revision − 1); undefined if none or compacted. */
  revisionAt(key: Uint8Array, revision: Revision): RevisionKey | undefined;

  /** Compactions that are scheduled (the state machine did) and not yet finished, oldest first. */
  readonly compactionJobs: readonly CompactionJob[];
  /** Walks the index; each slice names the rows to delete: pass it to `deleteRows` once no pin needs them. */
  compactionSlices(job: CompactionJob): Generator<readonly RevisionKey[], void>;
  deleteRows(rows: readonly RevisionKey[]): void;
  /** After the last slice was deleted: writes finishedCompactRev. */
  finishCompaction(job: CompactionJob): void;

  /** 0 means now. Throws compacted or future-revision. Gives the revision to hash and the compact revision to hash with. */
  hashPoint(revision: Revision): { readonly revision: Revision; readonly compactRevision: Revision };
  keepSlices(revision: Revision): Generator<undefined, KeepSet>;
  /** The hash of the compaction at exactly this revision, if it is among the last 10. */
  cachedHash(revision: Revision): HashKvResult | undefined;
  storeCompactionHash(hash: HashKvResult): void;
}

/** Where a record lies in the store. */
export declare function rowKey(revision: RevisionKey): Uint8Array;
/** A record's bytes as a message. */
export declare function decodeRecord(record: Uint8Array): KeyValue;
/** Which lease a key had when it was loaded. */
export type LoadedLease = readonly [key: string, lease: LeaseId];
