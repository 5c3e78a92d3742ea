import { assert } from "../base/assert.ts";
import { byteString } from "../base/byte-string.ts";
import { DomainError } from "../base/domain-error.ts";
import type { Revision } from "../base/ids.ts";
import type { Slices } from "../base/slices.ts";
import type { RangeRequest } from "../proto/gen/rpc_pb.js";
import { META } from "../backend/buckets.ts";
import type { SizeAccounting } from "../backend/size-accounting.ts";
import type { WriteBuffer } from "../backend/write-buffer.ts";
import { CompactionHashes, KeepSet } from "./hash.ts";
import type { HashKvResult, HashPoint } from "./hash.ts";
import type { KeyVersion } from "./key-version.ts";
import type { KeyLeases } from "./key-leases.ts";
import { MvccLoader } from "./mvcc-loader.ts";
import type { LoadedMvcc } from "./mvcc-loader.ts";
import { MvccTallies } from "./mvcc-tallies.ts";
import { planRange, planRangeSliced } from "./range-plan.ts";
import type { RangePlan, RangeView } from "./range-plan.ts";
import { encodeRevision, rowKey } from "./revision.ts";
import type { RevisionKey } from "./revision.ts";
import { TreeIndex } from "./tree-index.ts";
import { ValueCache } from "./value-cache.ts";
import { WriteTxn } from "./write-txn.ts";

/** Keys that one slice of a keep set visits. */
const SLICE_KEYS = 5000;
/** Keys that one slice of a compaction visits, and rows that it names: each is deleted from memory in that turn. */
const COMPACTION_SLICE_KEYS = 1000;

/** A compaction that is scheduled: reads below its revision fail already, index and rows are still to be cleaned. */
export interface CompactionJob {
  readonly revision: Revision;
  /** -1 if none; what the compaction's own hash is computed with. */
  readonly previousRevision: Revision;
  /** It was interrupted by a restart; its hash is not stored then. */
  readonly isResumed: boolean;
}

export interface MvccParts {
  readonly buffer: WriteBuffer;
  readonly sizes: SizeAccounting;
  readonly leases: KeyLeases;
  readonly cacheBytes: number;
  readonly tallies?: MvccTallies | undefined;
}

/** The key-value store with its history: the index in memory, the records in buffer, cache and store. */
export class Mvcc implements RangeView {
  readonly #buffer: WriteBuffer;
  readonly #sizes: SizeAccounting;
  readonly #leases: KeyLeases;
  readonly #cache: ValueCache;
  readonly #hashes = new CompactionHashes();
  readonly #tallies: MvccTallies;
  readonly index = new TreeIndex();
  #currentRevision: Revision = 1;
  #compactRevision: Revision = -1;
  /** How far compactions have come with the index. */
  #indexCompactedTo: Revision = -1;
  #jobs: readonly CompactionJob[] = [];

  constructor({ buffer, sizes, leases, cacheBytes, tallies = new MvccTallies() }: MvccParts) {
    this.#buffer = buffer;
    this.#sizes = sizes;
    this.#leases = leases;
    this.#cache = new ValueCache(cacheBytes);
    this.#tallies = tallies;
  }

  get currentRevision(): Revision {
    return this.#currentRevision;
  }

  /** -1 before the first compaction. Reads at exactly this revision still work. */
  get compactRevision(): Revision {
    return this.#compactRevision;
  }

  /** Keys that have a value now. */
  get keyCount(): number {
    return this.index.aliveCount;
  }

  get cacheBytes(): number {
    return this.#cache.bytes;
  }

  /** For a fresh store, before the first write: takes the rows of bucket `key` in order. */
  loader(): MvccLoader {
    return new MvccLoader(this.index, this.#sizes);
  }

  /** Takes over what the loader found; a compaction that was interrupted becomes a job. */
  restore(loaded: LoadedMvcc): void {
    const { scheduledCompactRevision: scheduled, finishedCompactRevision: finished } = loaded;
    this.#currentRevision = Math.max(1, loaded.lastRevision, scheduled, finished);
    this.#compactRevision = Math.max(scheduled, finished);
    this.#indexCompactedTo = finished;
    if (scheduled > finished) {
      this.#jobs = [{ revision: scheduled, previousRevision: finished, isResumed: true }];
    }
  }

  /** Plans a range at once: for up to some thousand keys. Throws compacted or future-revision. */
  planRange(request: RangeRequest): RangePlan {
    return planRange(this, request);
  }

  /** The same with pauses after every 5,000 keys; throws compacted if a compaction overtakes it. */
  planRangeSliced(request: RangeRequest): Slices<RangePlan> {
    return planRangeSliced(this, request);
  }

  /** The record's bytes if memory holds them; otherwise read the store at `rowKey(revision)`. */
  record(revision: RevisionKey): Uint8Array | undefined {
    const { main, sub } = revision;
    return this.#buffer.getRevision(main, sub) ?? this.#cache.get(main, sub);
  }

  /** What was read from the store goes into the cache. */
  remember(revision: RevisionKey, record: Uint8Array): void {
    this.#cache.set(revision.main, revision.sub, record);
  }

  /** The value that a key had at a revision; for an event's prev_kv ask for mod_revision − 1. Undefined if none or compacted. */
  revisionAt(key: Uint8Array, revision: Revision): KeyVersion | undefined {
    if (revision < this.#compactRevision) return undefined;
    const version = this.index.get(byteString(key))?.at(revision);
    return version?.isTombstone ? undefined : version;
  }

  /** Starts a transaction; only one at a time. */
  beginWrite(): WriteTxn {
    const targets = {
      index: this.index,
      buffer: this.#buffer,
      cache: this.#cache,
      sizes: this.#sizes,
      leases: this.#leases,
      tallies: this.#tallies,
    };
    return new WriteTxn(targets, this.#currentRevision + 1, this.#compactRevision);
  }

  /** Ends it: if it has changed something, its revision is the current one from now on. */
  commit(txn: WriteTxn): void {
    this.#currentRevision = txn.currentRevision;
    this.noteTxn(txn.operations);
  }

  noteRange(): void {
    this.#tallies.ranges++;
  }

  /** A transaction of so many operations has been done; etcd counts those of more than one. */
  noteTxn(operations: number): void {
    if (operations > 1) this.#tallies.txns++;
  }

  /**
   * Makes everything below the revision unreadable. Throws compacted or future-revision. A store that was never
   * compacted accepts 0, as etcd does.
   */
  scheduleCompaction(revision: Revision): CompactionJob {
    if (revision <= this.#compactRevision) throw new DomainError("compacted");
    if (revision > this.#currentRevision) throw new DomainError("future-revision");
    const job = { revision, previousRevision: this.#compactRevision, isResumed: false };
    this.#compactRevision = revision;
    this.#jobs = [...this.#jobs, job];
    this.#buffer.put("meta", META.scheduledCompactRevision, compactRow(revision));
    return job;
  }

  /** Compactions scheduled and not yet finished, oldest first; they must be done in this order. */
  get compactionJobs(): readonly CompactionJob[] {
    return this.#jobs;
  }

  /**
   * Cleans the index; each slice names rows to delete: give them to `deleteRows` once no pin needs them. To be
   * started after the compaction's hash, which needs the rows.
   */
  *compactionSlices(job: CompactionJob): Generator<readonly KeyVersion[], void> {
    assert(job === this.#jobs[0], "compactions are done in their order");
    this.#indexCompactedTo = job.revision;
    let from: string | undefined = "";
    while (from !== undefined) {
      const dropped: KeyVersion[] = [];
      from = this.index.compact(from, job.revision, COMPACTION_SLICE_KEYS, dropped);
      yield dropped;
    }
  }

  /** Rows that a compaction has dropped go from buffer and store. */
  deleteRows(rows: readonly KeyVersion[]): void {
    for (const row of rows) {
      this.#buffer.deleteRevision(row.main, row.sub, rowKey(row));
      this.#sizes.removed(row.rowBytes);
    }
  }

  /** After all slices have been deleted. */
  finishCompaction(job: CompactionJob): void {
    assert(job === this.#jobs[0], "compactions are done in their order");
    this.#jobs = this.#jobs.slice(1);
    this.#buffer.put("meta", META.finishedCompactRevision, compactRow(job.revision));
  }

  /** What to hash with for a requested revision, 0 for now. Throws compacted or future-revision. */
  hashPoint(revision: Revision): HashPoint {
    if (revision > 0 && revision < this.#compactRevision) throw new DomainError("compacted");
    if (revision > this.#currentRevision) throw new DomainError("future-revision");
    return { revision: revision <= 0 ? this.#currentRevision : revision, compactRevision: this.#compactRevision };
  }

  /** Per key the newest version at the revision, in slices. Throws compacted if a compaction overtakes it. */
  *keepSlices({ revision, compactRevision }: HashPoint): Slices<KeepSet> {
    const keep = new KeepSet(compactRevision);
    const all = { from: "", to: undefined, isSingle: false };
    let rest: Parameters<TreeIndex["scan"]>[0] | undefined = all;
    while (rest) {
      if (this.#indexCompactedTo > revision) throw new DomainError("compacted");
      rest = this.index.scan(rest, SLICE_KEYS, (history) => {
        const version = history.at(revision);
        if (version && !version.isTombstone) keep.add(version.main, version.sub);
      });
      if (rest) yield;
    }
    return keep;
  }

  /** The hash of the compaction at exactly this revision, if it is among the last 10. */
  cachedHash(revision: Revision): HashKvResult | undefined {
    // 0 asks for the hash of now, never for that of a compaction at 0.
    return revision > 0 ? this.#hashes.get(revision) : undefined;
  }

  /** The hashes of the last compactions, newest first. */
  cachedHashes(): readonly HashKvResult[] {
    return this.#hashes.list();
  }

  storeCompactionHash(hash: HashKvResult): void {
    this.#hashes.store(hash);
  }
}

function compactRow(revision: Revision): Uint8Array {
  return encodeRevision(revision, 0, false);
}
