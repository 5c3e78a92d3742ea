import { assert, must } from "../base/assert.ts";
import { DomainError } from "../base/domain-error.ts";
import type { Index, NodeId, Term } from "../base/ids.ts";
import type { ConfChange, ConfChangeV2 } from "../proto/raft-message.ts";
import type { InternalRaftRequest } from "../proto/gen/raft_internal_pb.js";
import type { TxnRequest, TxnResponse } from "../proto/gen/rpc_pb.js";
import { PRIVATE, PRIVATE_ROWS } from "../backend/buckets.ts";
import { SizeAccounting } from "../backend/size-accounting.ts";
import { uint64Bytes } from "../backend/uint64.ts";
import { WriteBuffer } from "../backend/write-buffer.ts";
import type { Deferred } from "../mvcc/deferred.ts";
import { Mvcc } from "../mvcc/mvcc.ts";
import type { MvccTallies } from "../mvcc/mvcc-tallies.ts";
import { decodeRecord } from "../mvcc/record-codec.ts";
import type { RevisionKey } from "../mvcc/revision.ts";
import { RevisionMap } from "../mvcc/revision-map.ts";
import { WatchHub } from "../mvcc/watch-hub.ts";
import { Lessor } from "../lease/lessor.ts";
import { AuthStore } from "../auth/auth-store.ts";
import { Membership } from "../cluster/membership.ts";
import { StorageVersion } from "../cluster/storage-version.ts";
import { Alarms } from "./alarms.ts";
import type { Applied, Apply } from "./applier.ts";
import { authGuard } from "./auth-guard.ts";
import { corruptGuard } from "./corrupt-guard.ts";
import { valuesNeeded, valuesNeededByTxn } from "./missing-values.ts";
import { noSpaceGuard } from "./no-space-guard.ts";
import { operationOf } from "./operation.ts";
import type { Operation } from "./operation.ts";
import type { ConfOutcome, Outcome } from "./outcome.ts";
import { quotaGuard } from "./quota-guard.ts";
import { Quota } from "./quota.ts";
import { stateApplier } from "./state-applier.ts";
import { StateLoader } from "./state-loader.ts";
import { checkTxn, choosePath, readTxn } from "./txn.ts";

export interface StateMachineOptions {
  readonly memberId: NodeId;
  /** 0 or less: no quota. */
  readonly quotaBytes: number;
  readonly maxLearners: number;
  readonly minLeaseTtlSeconds: number;
  readonly valueCacheBytes: number;
  readonly persistLeaseCheckpoints: boolean;
  /** Counts on when another machine takes the place of this one. */
  readonly tallies?: MvccTallies | undefined;
}

/** Which entry of the log it is. */
export interface EntryPosition {
  readonly index: Index;
  readonly term: Term;
}

export interface ApplyOptions {
  /** Monotonic, for lease expiry. */
  readonly nowMs: number;
  /** Somebody on this member waits for the answer. */
  readonly isWaiting: boolean;
}

/**
 * The replicated state and its only writer. Synchronous and deterministic: the same entries make the same state
 * on every member. Values that applying has to look at are fetched before (`missingValues`, `provide`), values
 * that only an answer needs are fetched afterwards (`Outcome.response`). Rows go into the write buffer.
 */
export class StateMachine {
  readonly buffer = new WriteBuffer();
  readonly sizes = new SizeAccounting();
  readonly watchHub = new WatchHub();
  readonly lessor: Lessor;
  readonly mvcc: Mvcc;
  readonly membership: Membership;
  readonly storageVersion: StorageVersion;
  readonly alarms: Alarms;
  readonly auth: AuthStore;
  readonly memberId: NodeId;
  readonly #quota: Quota;
  readonly #apply: Apply;
  /** Records for the next entry. */
  #provided = new RevisionMap<Uint8Array>();
  #position: EntryPosition = { index: 0, term: 0 };
  #writtenDbSize = this.sizes.dbSize;

  constructor(options: StateMachineOptions) {
    const { buffer, sizes } = this;
    this.memberId = options.memberId;
    this.lessor = new Lessor({
      buffer,
      sizes,
      minTtlSeconds: options.minLeaseTtlSeconds,
      persistCheckpoints: options.persistLeaseCheckpoints,
    });
    const { valueCacheBytes: cacheBytes, tallies } = options;
    this.mvcc = new Mvcc({ buffer, sizes, leases: this.lessor, cacheBytes, tallies });
    this.membership = new Membership(buffer, options.maxLearners);
    this.storageVersion = new StorageVersion(buffer, () => this.term);
    this.alarms = new Alarms(buffer);
    this.auth = new AuthStore(buffer);
    this.#quota = new Quota(sizes, options.quotaBytes);
    this.#apply = this.#chain();
  }

  /** The index of the last entry applied. */
  get consistentIndex(): Index {
    return this.#position.index;
  }

  /** The term of the last entry applied. */
  get term(): Term {
    return this.#position.term;
  }

  /** For a fresh machine, once, before the first entry: takes the rows of a store. */
  loader(): StateLoader {
    assert(this.#position.index === 0, "only an empty machine is loaded");
    const { mvcc, lessor, membership, storageVersion, alarms, auth, sizes } = this;
    return new StateLoader({ mvcc, lessor, membership, storageVersion, alarms, auth, sizes }, ({ index, term }) => {
      this.#position = { index, term };
      this.#writtenDbSize = sizes.dbSize;
    });
  }

  /** Stored records that applying this request needs and memory does not hold. Ask only for the entry that comes next. */
  missingValues(request: InternalRaftRequest): readonly RevisionKey[] {
    return this.#missing(valuesNeeded(this.mvcc, request));
  }

  /** A record that was missing, fetched. */
  provide(revision: RevisionKey, record: Uint8Array): void {
    this.#provided.set(revision.main, revision.sub, record);
    this.mvcc.remember(revision, record);
  }

  /**
   * Applies one committed entry; without a request (an empty entry) only the position moves. Entries come in
   * order, each once. Hand the outcome's events to `watchHub.notify`, with the outcome's revision.
   */
  apply(entry: EntryPosition, request: InternalRaftRequest | undefined, options: ApplyOptions): Outcome {
    this.#advance(entry);
    const outcome = this.#outcome(entry.index, request, options);
    this.#provided = new RevisionMap();
    this.#noteSize();
    return outcome;
  }

  /** Applies a committed configuration change; tell raft the effective one. */
  applyConfChange<Change extends ConfChange | ConfChangeV2>(entry: EntryPosition, change: Change): ConfOutcome<Change> {
    this.#advance(entry);
    return { index: entry.index, ...this.membership.apply(change) };
  }

  /** A txn of ranges only, which does not go through the log. Provide what `missingTxnValues` names just before. */
  readTxn(request: TxnRequest): Deferred<TxnResponse> {
    const { mvcc, lessor } = this;
    const valueOf = this.#valueOf;
    const path = choosePath({ view: mvcc, valueOf, leaseOf: (key) => lessor.leaseOf(key) }, request);
    checkTxn(mvcc, { lessor, valueOf }, request, path);
    mvcc.noteTxn((path.isSuccess ? request.success : request.failure).length);
    return readTxn(mvcc, request, path);
  }

  missingTxnValues(request: TxnRequest): readonly RevisionKey[] {
    return this.#missing(valuesNeededByTxn(this.mvcc, request));
  }

  /** Whether the quota leaves room for a request, asked before it is proposed. */
  quotaAllows(request: InternalRaftRequest): boolean {
    return this.#quota.hasRoomFor(operationOf(request));
  }

  /** Gives free pages back: the size is that of what is in use. */
  defragment(): void {
    this.sizes.defragment();
    this.#noteSize();
  }

  #chain(): Apply {
    const { mvcc, lessor, membership, alarms, auth } = this;
    const state = { mvcc, lessor, membership, alarms, auth, valueOf: this.#valueOf };
    const guards = [corruptGuard(alarms), noSpaceGuard(alarms), authGuard({ auth, lessor }), quotaGuard(this.#quota)];
    return guards.reduceRight<Apply>((next, guard) => guard(next), stateApplier(state));
  }

  #outcome(index: Index, request: InternalRaftRequest | undefined, options: ApplyOptions): Outcome {
    const operation: Operation = request ? operationOf(request) : { kind: "none" };
    const context = {
      ...options,
      index,
      username: request?.header?.username ?? "",
      authRevision: request?.header?.authRevision ?? 0n,
    };
    try {
      const applied: Applied = this.#apply(operation, context);
      return { index, revision: this.mvcc.currentRevision, ...applied };
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      const { fault } = error;
      return { index, revision: this.mvcc.currentRevision, response: undefined, fault, events: [], facts: [] };
    }
  }

  #advance(entry: EntryPosition): void {
    assert(entry.index > this.#position.index, "no entry is applied twice");
    this.#position = entry;
  }

  /** What memory holds now is kept for the entry, too: fetching the rest must not push it out of the cache. */
  #missing(needed: readonly RevisionKey[]): readonly RevisionKey[] {
    return needed.filter((revision) => {
      const { main, sub } = revision;
      const record = this.#provided.get(main, sub) ?? this.mvcc.record(revision);
      if (record) this.#provided.set(main, sub, record);
      return record === undefined;
    });
  }

  readonly #valueOf = (revision: RevisionKey): Uint8Array => {
    const record = this.#provided.get(revision.main, revision.sub) ?? this.mvcc.record(revision);
    return decodeRecord(must(record, "what an entry needs was fetched before it is applied")).value;
  };

  /** The size survives a restart, which rows alone would not tell: free pages are not in them. */
  #noteSize(): void {
    const { dbSize } = this.sizes;
    if (dbSize === this.#writtenDbSize) return;
    this.#writtenDbSize = dbSize;
    this.buffer.put(PRIVATE, PRIVATE_ROWS.dbSize, uint64Bytes(dbSize));
  }
}
