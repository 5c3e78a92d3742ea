import type { Index, NodeId, Term } from "../base/ids.ts";
import type { ConfState, ConfChange, ConfChangeV2 } from "../proto/raft-message.ts";
import type { InternalRaftRequest } from "../proto/gen/raft_internal_pb.js";
import type { AlarmMember, AlarmType, TxnRequest, TxnResponse } from "../proto/gen/rpc_pb.js";
import type { SizeAccounting } from "../backend/size-accounting.ts";
import type { WriteBuffer } from "../backend/write-buffer.ts";
import type { Deferred } from "../mvcc/deferred.ts";
import type { Mvcc } from "../mvcc/mvcc.ts";
import type { RevisionKey } from "../mvcc/revision.ts";
import type { WatchHub } from "../mvcc/watch-hub.ts";
import type { Lessor } from "../lease/lessor.ts";
import type { Membership } from "../cluster/membership.ts";
import type { ConfOutcome, Outcome } from "./outcome.ts";

export interface StateMachineOptions {
  readonly memberId: NodeId;
  /** 0 or less: no quota. */
  readonly quotaBytes: number;
  readonly maxLearners: number;
  readonly minLeaseTtlSeconds: number;
  readonly valueCacheBytes: number;
  readonly persistLeaseCheckpoints: boolean;
}

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

/** Where a loaded store stands. */
export interface RecoveredState {
  readonly index: Index;
  readonly term: Term;
  readonly confState: ConfState | undefined;
  readonly storageVersion: string | undefined;
}

/** Takes all rows of a store (or of a snapshot's rows under their store keys) in key order. */
export interface StateLoader {
  row(storeKey: Uint8Array, value: Uint8Array): void;
  finish(): RecoveredState;
}

export declare class Alarms {
  list(type: AlarmType): readonly AlarmMember[];
  has(type: AlarmType): boolean;
}

/** The only writer of the replicated state. */
export declare class StateMachine {
  constructor(options: StateMachineOptions);
  readonly mvcc: Mvcc;
  readonly lessor: Lessor;
  readonly membership: Membership;
  readonly alarms: Alarms;
  readonly buffer: WriteBuffer;
  readonly watchHub: WatchHub;
  readonly sizes: SizeAccounting;
  readonly consistentIndex: Index;
  readonly term: Term;

  /** For a fresh machine, once, before the first entry. */
  loader(): StateLoader;
  /** Stored records that applying this request (next!) needs and that memory does not hold. */
  missingValues(request: InternalRaftRequest): readonly RevisionKey[];
  provide(revision: RevisionKey, record: Uint8Array): void;
  /** Must see every entry in order; refuses (asserts) one at or below the consistent index. Call `watchHub.notify` with the outcome's events. */
  apply(entry: EntryPosition, request: InternalRaftRequest | undefined, options: ApplyOptions): Outcome;
  applyConfChange<Change extends ConfChange | ConfChangeV2>(entry: EntryPosition, change: Change): ConfOutcome<Change>;

  /** A txn of ranges only, which does not go through the log. `missingTxnValues` first. */
  readTxn(request: TxnRequest): Deferred<TxnResponse>;
  missingTxnValues(request: TxnRequest): readonly RevisionKey[];
  /** What a write would add to the database in the quota's eyes, and whether there is room. 0 cost: reads. */
  quotaAllows(request: InternalRaftRequest): boolean;
}
