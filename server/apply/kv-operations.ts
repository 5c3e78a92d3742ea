import { byteString } from "../base/byte-string.ts";
import { DomainError } from "../base/domain-error.ts";
import type { KeyValue } from "../proto/gen/kv_pb.js";
import type {
  DeleteRangeRequest,
  DeleteRangeResponse,
  PutRequest,
  PutResponse,
  ResponseHeader,
} from "../proto/gen/rpc_pb.js";
import type { Deferred } from "../mvcc/deferred.ts";
import { ready } from "../mvcc/deferred.ts";
import type { KeyVersion } from "../mvcc/key-version.ts";
import { keyRange } from "../mvcc/key-range.ts";
import type { RangeView } from "../mvcc/range-plan.ts";
import { decodeRecord } from "../mvcc/record-codec.ts";
import { revisionHeader } from "../mvcc/response-header.ts";
import type { RevisionKey } from "../mvcc/revision.ts";
import type { WriteTxn } from "../mvcc/write-txn.ts";
import type { Lessor } from "../lease/lessor.ts";

/** What writing a key needs besides the transaction. */
export interface WriteContext {
  readonly lessor: Lessor;
  /** The value of a record that was fetched before. */
  readonly valueOf: (revision: RevisionKey) => Uint8Array;
}

/** Refuses a put within a txn that cannot be done, before anything is written. */
export function checkPut(view: RangeView, context: WriteContext, request: PutRequest): void {
  checkPrevious(view, request);
  checkLease(context, request);
}

/** The same for a put of its own: etcd looks for the lease first then, so that is what is told if both are missing. */
export function checkSinglePut(view: RangeView, context: WriteContext, request: PutRequest): void {
  checkLease(context, request);
  checkPrevious(view, request);
}

function checkPrevious(view: RangeView, { ignoreValue, ignoreLease, key }: PutRequest): void {
  if ((ignoreValue || ignoreLease) && !present(view, key)) throw new DomainError("key-not-found");
}

function checkLease({ lessor }: WriteContext, { lease }: PutRequest): void {
  if (lease !== 0n && !lessor.lookup(lease)) throw new DomainError("lease-not-found");
}

/** Writes a key that `checkPut` has let pass. */
export function put(txn: WriteTxn, context: WriteContext, request: PutRequest): Deferred<PutResponse> {
  const { key, prevKv, ignoreValue, ignoreLease } = request;
  const before = txn.currentRevision;
  const previous = prevKv || ignoreValue ? present(txn, key) : undefined;
  const value = ignoreValue && previous ? context.valueOf(previous) : request.value;
  const lease = ignoreLease ? context.lessor.leaseOf(byteString(key)) : request.lease;
  txn.put(key, value, lease);
  const header = revisionHeader(txn.currentRevision);
  if (!prevKv || !previous) return ready(before, putResponse(header, undefined));
  return {
    revision: before,
    needs: [previous],
    build: (lookup) => putResponse(header, decodeRecord(lookup(previous))),
  };
}

/** Deletes what is there; nothing is fine, too. */
export function deleteRange(txn: WriteTxn, request: DeleteRangeRequest): Deferred<DeleteRangeResponse> {
  const before = txn.currentRevision;
  const deleted = txn.deleteRange(keyRange(request.key, request.rangeEnd));
  const header = revisionHeader(txn.currentRevision);
  const count = BigInt(deleted.length);
  const answer = (prevKvs: KeyValue[]): DeleteRangeResponse => ({
    $typeName: "etcdserverpb.DeleteRangeResponse",
    header,
    deleted: count,
    prevKvs,
  });
  if (!request.prevKv) return ready(before, answer([]));
  return {
    revision: before,
    needs: deleted,
    build: (lookup) => answer(deleted.map((version) => decodeRecord(lookup(version)))),
  };
}

/** The present version of a key that has a value. */
export function present(view: RangeView, key: Uint8Array): KeyVersion | undefined {
  const history = view.index.get(byteString(key));
  return history?.isAlive ? history.newest() : undefined;
}

function putResponse(header: ResponseHeader, prevKv: KeyValue | undefined): PutResponse {
  const response: PutResponse = { $typeName: "etcdserverpb.PutResponse", header };
  if (prevKv) response.prevKv = prevKv;
  return response;
}
