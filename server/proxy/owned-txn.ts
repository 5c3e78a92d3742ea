import { create } from "@bufbuild/protobuf";
import { byteString } from "../base/byte-string.ts";
import { compareHolds, type ComparedKey } from "../proto/compare-holds.ts";
import type { KeyValue } from "../proto/gen/kv_pb.js";
import {
  ResponseHeaderSchema,
  TxnResponseSchema,
  type RequestOp,
  type ResponseHeader,
  type TxnRequest,
  type TxnResponse,
} from "../proto/gen/rpc_pb.js";
import { changedKeys } from "./changed-keys.ts";
import type { OwnedKey } from "./owned-key.ts";
import { isKnownSort, isOfOneKey, rangeOfOneKey } from "./owned-range.ts";

/** Longer lists are left to the cluster, which knows its --max-txn-ops (etcd's default is this). */
const MAX_LIST = 128;

/** A key whose present state is known for certain; undefined: only the cluster knows it. */
export type KnownKeys = (key: Uint8Array) => OwnedKey | undefined;

/**
 * What the cluster would say to a transaction of which all is known that it looks at: the keys of the compares that
 * decide, and those of the branch that they choose, which only reads. Undefined: the cluster has to be asked. All keys
 * are looked at in one moment, so that the answer is of one moment, too.
 */
export function txnOfOwnedKeys(
  request: TxnRequest,
  known: KnownKeys,
  header: ResponseHeader | undefined,
): TxnResponse | undefined {
  if (!header || !isPlain(request)) return undefined;
  const succeeded = outcome(request, known);
  if (succeeded === undefined) return undefined;
  const chosen = succeeded ? request.success : request.failure;
  // Who looks at nothing wants to know how far the cluster is.
  if (request.compare.length + chosen.length === 0) return undefined;
  const inner = create(ResponseHeaderSchema, { revision: header.revision });
  const responses = chosen.map(({ request: { case: kind, value } }) => {
    const owned = kind === "requestRange" && isOfOneKey(value) ? known(value.key) : undefined;
    return owned && kind === "requestRange" ? rangeOfOneKey(value, owned.kv, inner) : undefined;
  });
  if (!responses.every((response) => response !== undefined)) return undefined;
  const answers = responses.map((value) => ({ response: { case: "responseRange" as const, value } }));
  return create(TxnResponseSchema, { header, succeeded, responses: answers });
}

/** Whether all compares hold: the first one that does not decides, whatever there is to say of the others. */
function outcome({ compare: compares }: TxnRequest, known: KnownKeys): boolean | undefined {
  for (const compare of compares) {
    const owned = compare.rangeEnd.length === 0 ? known(compare.key) : undefined;
    if (!owned) return undefined;
    if (!compareHolds(compare, owned.kv && comparedKey(owned.kv))) return false;
  }
  return true;
}

function comparedKey({ version, createRevision, modRevision, lease, value }: KeyValue): ComparedKey {
  return { version, createRevision, modRevision, lease: () => lease, value: () => value };
}

/** Whether nothing in it is of a form that the cluster refuses, on whichever branch: such a thing is left to it. */
function isPlain({ compare, success, failure }: TxnRequest): boolean {
  const isShort = Math.max(compare.length, success.length, failure.length) <= MAX_LIST;
  return isShort && compare.every(({ key }) => key.length > 0) && isPlainBranch(success) && isPlainBranch(failure);
}

function isPlainBranch(operations: readonly RequestOp[]): boolean {
  const changed = changedKeys(operations);
  const isEachOnce = new Set(changed.map(({ key }) => byteString(key))).size === changed.length;
  return isEachOnce && operations.every(isPlainOperation);
}

function isPlainOperation({ request }: RequestOp): boolean {
  switch (request.case) {
    case "requestRange":
      return request.value.key.length > 0 && isKnownSort(request.value);
    case "requestPut":
      return request.value.key.length > 0 && !request.value.ignoreValue && !request.value.ignoreLease;
    case "requestDeleteRange":
      return request.value.key.length > 0 && request.value.rangeEnd.length === 0;
    case "requestTxn":
    case undefined:
      return false;
  }
}
