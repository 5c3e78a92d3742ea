import { create } from "@bufbuild/protobuf";
import { equalBytes } from "../base/bytes.ts";
import type { KeyValue } from "../proto/gen/kv_pb.js";
import {
  Compare_CompareResult as Result,
  Compare_CompareTarget as Target,
  CompareSchema,
  TxnRequestSchema,
  type Compare,
  type RequestOp,
  type TxnRequest,
} from "../proto/gen/rpc_pb.js";
import { NO_END, type KeyInterval } from "./key-namespace.ts";

/** What a writer puts into a leasing key to ask its owner to give the key up (etcd's leasing package). */
const REVOKE = new TextEncoder().encode("REVOKE");

/** Whether somebody asks for a key, by the value of its leasing key. */
export function isAskedFor({ value }: Pick<KeyValue, "value">): boolean {
  return equalBytes(value, REVOKE);
}

/** Holds if the key was created at this revision; at 0: if there is none. */
export function createdAt(key: Uint8Array, createRevision: bigint): Compare {
  const targetUnion = { case: "createRevision" as const, value: createRevision };
  return create(CompareSchema, { key, target: Target.CREATE, result: Result.EQUAL, targetUnion });
}

/** Holds if none of the keys has a lease: each leasing key has one, and what else is there by chance is nobody's claim. */
export function haveNoLease({ key, rangeEnd }: KeyInterval): Compare {
  const targetUnion = { case: "lease" as const, value: 0n };
  return create(CompareSchema, { key, rangeEnd, target: Target.LEASE, result: Result.EQUAL, targetUnion });
}

/**
 * Reads a key and becomes its owner, if nobody owns it. A key with a lease has no owner: it goes away when that expires,
 * and asks nobody. Where it fails, the leasing key is read, too.
 */
export function acquireTxn(key: Uint8Array, leasingKey: Uint8Array, lease: bigint): TxnRequest {
  const read = { request: { case: "requestRange" as const, value: { key } } };
  const own = { request: { case: "requestPut" as const, value: { key: leasingKey, lease } } };
  const seeOwner = { request: { case: "requestRange" as const, value: { key: leasingKey } } };
  const compare = [createdAt(leasingKey, 0n), haveNoLease({ key, rangeEnd: NO_END })];
  return create(TxnRequestSchema, { compare, success: [read, own], failure: [read, seeOwner] });
}

/** Asks the owner to give a key up; the leasing key stays with the owner's lease. */
export function askForTxn({ key, createRevision }: KeyValue): TxnRequest {
  const ask = { case: "requestPut" as const, value: { key, value: REVOKE, ignoreLease: true } };
  return create(TxnRequestSchema, { compare: [createdAt(key, createRevision)], success: [{ request: ask }] });
}

/** Gives up what was owned since a revision. */
export function releaseTxn(leasingKey: Uint8Array, createRevision: bigint): TxnRequest {
  const remove = { case: "requestDeleteRange" as const, value: { key: leasingKey } };
  return create(TxnRequestSchema, { compare: [createdAt(leasingKey, createRevision)], success: [{ request: remove }] });
}

/** Operations that run only if the guards hold; else all leasing keys in the intervals are read. */
export function guardedTxn(
  guards: readonly Compare[],
  operations: readonly RequestOp[],
  intervals: readonly KeyInterval[],
): TxnRequest {
  const see = intervals.map(({ key, rangeEnd }) => ({
    request: { case: "requestRange" as const, value: { key, rangeEnd } },
  }));
  return create(TxnRequestSchema, { compare: [...guards], success: [...operations], failure: see });
}
