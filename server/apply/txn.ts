import { must } from "../base/assert.ts";
import { DomainError } from "../base/domain-error.ts";
import type { Revision } from "../base/ids.ts";
import type { RangeRequest, RequestOp, ResponseOp, TxnRequest, TxnResponse } from "../proto/gen/rpc_pb.js";
import type { Deferred, Lookup } from "../mvcc/deferred.ts";
import { ready } from "../mvcc/deferred.ts";
import { planRange } from "../mvcc/range-plan.ts";
import type { RangeView } from "../mvcc/range-plan.ts";
import { revisionHeader } from "../mvcc/response-header.ts";
import type { WriteTxn } from "../mvcc/write-txn.ts";
import { holds } from "./compare.ts";
import type { CompareSource } from "./compare.ts";
import { checkPut, deleteRange, put } from "./kv-operations.ts";
import type { WriteContext } from "./kv-operations.ts";

/** Which branch a txn takes, and the txns nested in that branch by their place in it. */
export interface TxnPath {
  readonly isSuccess: boolean;
  readonly nested: ReadonlyMap<number, TxnPath>;
}

/** What the operations of a branch are done with. */
export interface TxnContext extends WriteContext {
  /** Ranges of the outermost txn are left out where nobody waits for their answer. */
  readonly skipsRanges: boolean;
}

/** Chooses the branches of a txn and of all that are nested in them, before anything is written. */
export function choosePath(source: CompareSource, txn: TxnRequest): TxnPath {
  const isSuccess = holds(source, txn.compare);
  const nested = new Map<number, TxnPath>();
  branch(txn, isSuccess).forEach(({ request }, at) => {
    if (request.case === "requestTxn") nested.set(at, choosePath(source, request.value));
  });
  return { isSuccess, nested };
}

/** Refuses a txn of which any chosen operation cannot be done: it is all or nothing. */
export function checkTxn(view: RangeView, context: WriteContext, txn: TxnRequest, path: TxnPath): void {
  branch(txn, path.isSuccess).forEach(({ request }, at) => {
    if (request.case === "requestRange") checkRange(view, request.value);
    else if (request.case === "requestPut") checkPut(view, context, request.value);
    else if (request.case === "requestTxn") checkTxn(view, context, request.value, must(path.nested.get(at)));
  });
}

/** Does the chosen operations, which `checkTxn` has let pass. The header is for the outermost txn alone. */
export function executeTxn(
  txn: WriteTxn,
  context: TxnContext,
  request: TxnRequest,
  path: TxnPath,
): Deferred<TxnResponse> {
  const before = txn.currentRevision;
  const parts = branch(request, path.isSuccess).map((op, at) => executeOp(txn, context, op, path.nested.get(at)));
  return joined(before, parts, path.isSuccess);
}

/** A txn of ranges only, against any view. */
export function readTxn(view: RangeView, request: TxnRequest, path: TxnPath): Deferred<TxnResponse> {
  const parts = branch(request, path.isSuccess).map(({ request: op }) =>
    op.case === "requestRange" ? rangeOp(view, op.value) : ready(view.currentRevision, emptyOp()),
  );
  return withHeader(joined(view.currentRevision, parts, path.isSuccess), view.currentRevision);
}

/** The outermost answer carries the revision after all changes. */
export function withHeader(response: Deferred<TxnResponse>, revision: Revision): Deferred<TxnResponse> {
  return { ...response, build: (lookup) => ({ ...response.build(lookup), header: revisionHeader(revision) }) };
}

/** Whether nothing but ranges can happen, so that it need not go through the log. */
export function isReadOnly(txn: TxnRequest): boolean {
  return [...txn.success, ...txn.failure].every(({ request }) => request.case === "requestRange");
}

function executeOp(txn: WriteTxn, context: TxnContext, op: RequestOp, path: TxnPath | undefined): Deferred<ResponseOp> {
  const { request } = op;
  switch (request.case) {
    case "requestRange":
      return context.skipsRanges ? ready(txn.currentRevision, emptyOp()) : rangeOp(txn, request.value);
    case "requestPut":
      return mapped(put(txn, context, request.value), (value) => responseOp({ case: "responsePut", value }));
    case "requestDeleteRange":
      return mapped(deleteRange(txn, request.value), (value) => responseOp({ case: "responseDeleteRange", value }));
    case "requestTxn": {
      const inner = { ...context, skipsRanges: false };
      const response = executeTxn(txn, inner, request.value, must(path));
      return mapped(response, (value) => responseOp({ case: "responseTxn", value }));
    }
    case undefined:
    default:
      return ready(txn.currentRevision, emptyOp());
  }
}

function rangeOp(view: RangeView, request: RangeRequest): Deferred<ResponseOp> {
  return mapped(planRange(view, request), (value) => responseOp({ case: "responseRange", value }));
}

function checkRange(view: RangeView, request: RangeRequest): void {
  const revision = Number(request.revision);
  if (revision === 0) return;
  if (revision > view.currentRevision) throw new DomainError("future-revision");
  if (revision < view.compactRevision) throw new DomainError("compacted");
}

function branch(txn: TxnRequest, isSuccess: boolean): readonly RequestOp[] {
  return isSuccess ? txn.success : txn.failure;
}

/** One answer out of many: needs the records of all, at the oldest of their revisions. */
function joined(before: Revision, parts: readonly Deferred<ResponseOp>[], succeeded: boolean): Deferred<TxnResponse> {
  const revision = parts.reduce((oldest, part) => Math.min(oldest, part.revision), before);
  const build = (lookup: Lookup): TxnResponse => ({
    $typeName: "etcdserverpb.TxnResponse",
    header: revisionHeader(0),
    succeeded,
    responses: parts.map((part) => part.build(lookup)),
  });
  return { revision, needs: parts.flatMap(({ needs }) => needs), build };
}

function mapped<A, B>(deferred: Deferred<A>, change: (value: A) => B): Deferred<B> {
  const { revision, needs, build } = deferred;
  return { revision, needs, build: (lookup) => change(build(lookup)) };
}

function responseOp(response: ResponseOp["response"]): ResponseOp {
  return { $typeName: "etcdserverpb.ResponseOp", response };
}

function emptyOp(): ResponseOp {
  return responseOp({ case: undefined });
}
