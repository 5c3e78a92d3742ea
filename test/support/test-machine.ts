import { create, fromBinary, isMessage, toBinary } from "@bufbuild/protobuf";
import type { Message, MessageInitShape } from "@bufbuild/protobuf";
import type { GenMessage } from "@bufbuild/protobuf/codegenv2";
import { byteString, bytesOf } from "../../server/base/byte-string.ts";
import { atOnce } from "../../server/base/slices.ts";
import { SortedMap } from "../../server/base/sorted-map.ts";
import { BUCKETS, splitBucketKey } from "../../server/backend/buckets.ts";
import type { StoreOperation, StoreRow } from "../../server/backend/store.ts";
import type { Deferred } from "../../server/mvcc/deferred.ts";
import { BackendHash, HashKv } from "../../server/mvcc/hash.ts";
import type { HashKvResult } from "../../server/mvcc/hash.ts";
import { rowKey } from "../../server/mvcc/revision.ts";
import type { RevisionKey } from "../../server/mvcc/revision.ts";
import { StateMachine } from "../../server/apply/state-machine.ts";
import type { StateMachineOptions } from "../../server/apply/state-machine.ts";
import type { Outcome } from "../../server/apply/outcome.ts";
import { InternalRaftRequestSchema } from "../../server/proto/gen/raft_internal_pb.js";
import { RangeRequestSchema } from "../../server/proto/gen/rpc_pb.js";
import type { RangeResponse } from "../../server/proto/gen/rpc_pb.js";

/** A request as a plain object. */
export type RequestInit = MessageInitShape<typeof InternalRaftRequestSchema>;

/** Defaults that no test of the state machine has to repeat. */
export const MACHINE_OPTIONS: StateMachineOptions = {
  memberId: 1n,
  quotaBytes: 0,
  maxLearners: 1,
  minLeaseTtlSeconds: 2,
  valueCacheBytes: 4096,
  persistLeaseCheckpoints: false,
};

/** Text as bytes. */
export function bytes(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

/** Bytes as text. */
export function text(array: Uint8Array | undefined): string {
  return new TextDecoder().decode(array);
}

/** A state machine with a store in memory, driven synchronously: what the node does with promises. */
export class TestMachine {
  readonly machine: StateMachine;
  readonly store = new SortedMap<Uint8Array>();
  nowMs = 0;
  term = 2;

  /** Over the rows of a store, in their order. */
  constructor(options: Partial<StateMachineOptions> = {}, rows: readonly StoreRow[] = []) {
    this.machine = new StateMachine({ ...MACHINE_OPTIONS, ...options });
    const loader = this.machine.loader();
    for (const [key, value] of rows) {
      this.store.set(byteString(key), value);
      loader.row(key, value);
    }
    loader.finish();
  }

  /** Applies one request the way it comes out of the log: encoded and decoded. */
  apply(init: RequestInit, isWaiting = true): Outcome {
    const request = fromBinary(
      InternalRaftRequestSchema,
      toBinary(InternalRaftRequestSchema, create(InternalRaftRequestSchema, init)),
    );
    for (const revision of this.machine.missingValues(request)) this.machine.provide(revision, this.fetch(revision));
    const entry = { index: this.machine.consistentIndex + 1, term: this.term };
    const outcome = this.machine.apply(entry, request, { nowMs: this.nowMs, isWaiting });
    this.machine.watchHub.notify(outcome.events, outcome.revision);
    return outcome;
  }

  /** Applies and answers; a fault becomes an error. */
  answer<T extends Message>(schema: GenMessage<T>, init: RequestInit): T {
    const outcome = this.apply(init);
    if (outcome.fault !== undefined || !outcome.response) throw new Error(outcome.fault ?? "no answer");
    const message = this.resolve<Message>(outcome.response);
    if (!isMessage(message, schema)) throw new Error(`the answer is a ${message.$typeName}`);
    return message;
  }

  put(key: string, value: string, lease = 0n): Outcome {
    return this.apply({ put: { key: bytes(key), value: bytes(value), lease } });
  }

  delete(key: string, rangeEnd = ""): Outcome {
    return this.apply({ deleteRange: { key: bytes(key), rangeEnd: bytes(rangeEnd) } });
  }

  range(init: MessageInitShape<typeof RangeRequestSchema>): RangeResponse {
    return this.resolve(this.machine.mvcc.planRange(create(RangeRequestSchema, init)));
  }

  resolve<T>(deferred: Deferred<T>): T {
    return deferred.build((revision) => this.fetch(revision));
  }

  /** From memory if it is there, else from the store. */
  fetch(revision: RevisionKey): Uint8Array {
    const record = this.machine.mvcc.record(revision) ?? this.store.get(byteString(rowKey(revision)));
    if (!record) throw new Error(`no record at ${revision.main}/${revision.sub}`);
    return record;
  }

  /** Schedules a compaction and carries it out. */
  compact(revision: number): Outcome {
    const outcome = this.apply({ compaction: { revision: BigInt(revision), physical: true } });
    if (outcome.fault === undefined) this.finishCompactions();
    return outcome;
  }

  finishCompactions(): void {
    const { mvcc } = this.machine;
    for (const job of mvcc.compactionJobs) {
      if (!job.isResumed) mvcc.storeCompactionHash(this.#hash(job.revision, job.previousRevision));
      for (const slice of mvcc.compactionSlices(job)) mvcc.deleteRows(slice);
      mvcc.finishCompaction(job);
    }
  }

  /** Moves everything from the buffer into the store. */
  flush(): void {
    const { buffer, consistentIndex, term } = this.machine;
    this.write(buffer.seal({ index: consistentIndex, term, confState: undefined }));
    buffer.flushed();
  }

  write(operations: readonly StoreOperation[]): void {
    for (const { key, value } of operations) {
      if (value) this.store.set(byteString(key), value);
      else this.store.delete(byteString(key));
    }
  }

  /** The store's rows, after a flush, in order. */
  rows(): StoreRow[] {
    this.flush();
    const rows: StoreRow[] = [];
    this.store.scan("", undefined, Infinity, (key, value) => {
      rows.push([bytesOf(key), value]);
    });
    return rows;
  }

  /** A new machine over what the store holds: a restart. */
  restarted(options: Partial<StateMachineOptions> = {}): TestMachine {
    return new TestMachine(options, this.rows());
  }

  hashKv(revision = 0): HashKvResult {
    const { mvcc } = this.machine;
    const cached = mvcc.cachedHash(revision);
    if (cached) return cached;
    const point = mvcc.hashPoint(revision);
    return this.#hash(point.revision, point.compactRevision);
  }

  hashAll(scope: "everything" | "replicated"): number {
    const hash = new BackendHash(scope);
    const rows = this.rows().map(([key, value]) => ({ ...splitBucketKey(key), value }));
    for (const name of BUCKETS) {
      hash.bucket(name);
      for (const { bucket, key, value } of rows) if (bucket === name) hash.row(key, value);
    }
    return hash.result();
  }

  #hash(revision: number, compactRevision: number): HashKvResult {
    const keep = atOnce(this.machine.mvcc.keepSlices({ revision, compactRevision }));
    const hash = new HashKv({ revision, compactRevision, keep });
    for (const [storeKey, value] of this.rows()) {
      const { bucket, key } = splitBucketKey(storeKey);
      if (bucket === "key") hash.row(key, value);
    }
    return hash.result();
  }
}
