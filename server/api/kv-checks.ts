import { DomainError } from "../base/domain-error.ts";
import {
  RangeRequest_SortOrder as SortOrder,
  RangeRequest_SortTarget as SortTarget,
  type DeleteRangeRequest,
  type PutRequest,
  type RangeRequest,
  type RequestOp,
  type TxnRequest,
} from "../proto/gen/rpc_pb.js";
import { checkIntervals } from "./txn-intervals.ts";

/** Refuses what etcd refuses before anything else happens (etcd api/v3rpc/key.go). */
export function checkRange(request: RangeRequest): void {
  if (request.key.length === 0) throw new DomainError("empty-key");
  if (SortOrder[request.sortOrder] === undefined || SortTarget[request.sortTarget] === undefined) {
    throw new DomainError("invalid-sort-option");
  }
}

export function checkPut(request: PutRequest): void {
  if (request.key.length === 0) throw new DomainError("empty-key");
  if (request.ignoreValue && request.value.length > 0) throw new DomainError("value-provided");
  if (request.ignoreLease && request.lease !== 0n) throw new DomainError("lease-provided");
}

export function checkDeleteRange(request: DeleteRangeRequest): void {
  if (request.key.length === 0) throw new DomainError("empty-key");
}

/** Nested txns share their parent's budget: what its longest list leaves is theirs. */
export function checkTxn(request: TxnRequest, maxOps: number): void {
  checkTxnShape(request, maxOps);
  // Both branches may touch the same keys: only one of them runs.
  checkIntervals(request.success);
  checkIntervals(request.failure);
}

function checkTxnShape({ compare, success, failure }: TxnRequest, maxOps: number): void {
  const longest = Math.max(compare.length, success.length, failure.length);
  if (longest > maxOps) throw new DomainError("too-many-ops");
  for (const { key } of compare) if (key.length === 0) throw new DomainError("empty-key");
  for (const operation of success) checkOperation(operation, maxOps - longest);
  for (const operation of failure) checkOperation(operation, maxOps - longest);
}

function checkOperation({ request }: RequestOp, maxOps: number): void {
  switch (request.case) {
    case "requestRange":
      checkRange(request.value);
      return;
    case "requestPut":
      checkPut(request.value);
      return;
    case "requestDeleteRange":
      checkDeleteRange(request.value);
      return;
    case "requestTxn":
      checkTxnShape(request.value, maxOps);
      return;
    case undefined:
      // An operation that is none: etcd's text for it is this one.
      throw new DomainError("key-not-found");
  }
}
