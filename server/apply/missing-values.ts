import { Compare_CompareTarget as CompareTarget } from "../proto/gen/rpc_pb.js";
import type { PutRequest, RequestOp, TxnRequest } from "../proto/gen/rpc_pb.js";
import type { InternalRaftRequest } from "../proto/gen/raft_internal_pb.js";
import type { RangeView } from "../mvcc/range-plan.ts";
import type { RevisionKey } from "../mvcc/revision.ts";
import { versionsIn } from "./compare.ts";
import { present } from "./kv-operations.ts";

/** The records whose values applying may look at: those of VALUE compares, and what a put keeps. */
export function valuesNeeded(view: RangeView, request: InternalRaftRequest): readonly RevisionKey[] {
  if (request.put) return neededByPut(view, request.put);
  return request.txn ? valuesNeededByTxn(view, request.txn) : [];
}

/** The same for a txn: of both branches, with all that is nested. */
export function valuesNeededByTxn(view: RangeView, txn: TxnRequest): readonly RevisionKey[] {
  const needed: RevisionKey[] = [];
  for (const { target, key, rangeEnd } of txn.compare) {
    if (target !== CompareTarget.VALUE) continue;
    for (const [, version] of versionsIn(view, key, rangeEnd)) needed.push(version);
  }
  for (const op of txn.success) needed.push(...neededByOp(view, op));
  for (const op of txn.failure) needed.push(...neededByOp(view, op));
  return needed;
}

function neededByOp(view: RangeView, { request }: RequestOp): readonly RevisionKey[] {
  if (request.case === "requestPut") return neededByPut(view, request.value);
  return request.case === "requestTxn" ? valuesNeededByTxn(view, request.value) : [];
}

function neededByPut(view: RangeView, { key, ignoreValue }: PutRequest): readonly RevisionKey[] {
  const version = ignoreValue ? present(view, key) : undefined;
  return version ? [version] : [];
}
