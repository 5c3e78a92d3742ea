import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  Compare_CompareResult as Result,
  Compare_CompareTarget as Target,
  type CompareSchema,
  type RequestOpSchema,
} from "../proto/gen/rpc_pb.js";

/** What must be so for a transaction to do what `do` says; else it does what `otherwise` says. */
export type Condition =
  | { readonly key: string; readonly exists: boolean }
  | { readonly key: string; readonly value: string | Uint8Array }
  /** The key has not changed since the entry with this revision was read. */
  | { readonly key: string; readonly modRevision: number };

/** What a transaction does. */
export type Operation =
  | { readonly put: string; readonly value: string | Uint8Array; readonly leaseId?: bigint }
  | { readonly delete: string }
  | { readonly deleteUnder: string }
  | { readonly get: string };

/** All or nothing, at one revision. */
export interface Transaction {
  /** All of them have to hold. */
  readonly when?: readonly Condition[];
  readonly do?: readonly Operation[];
  readonly otherwise?: readonly Operation[];
}

/** How the names of a key space are written on the wire. */
export interface KeyNames {
  readonly bytesOf: (key: string) => Uint8Array;
  readonly rangeOf: (prefix: string) => { readonly key: Uint8Array; readonly rangeEnd: Uint8Array };
}

/** A condition on the wire. */
export function compareOf(condition: Condition, { bytesOf }: KeyNames): MessageInitShape<typeof CompareSchema> {
  const key = bytesOf(condition.key);
  if ("exists" in condition) {
    const result = condition.exists ? Result.GREATER : Result.EQUAL;
    return { key, result, target: Target.CREATE, targetUnion: { case: "createRevision", value: 0n } };
  }
  if ("modRevision" in condition) {
    const value = BigInt(condition.modRevision);
    return { key, result: Result.EQUAL, target: Target.MOD, targetUnion: { case: "modRevision", value } };
  }
  const value = valueBytes(condition.value);
  return { key, result: Result.EQUAL, target: Target.VALUE, targetUnion: { case: "value", value } };
}

/** An operation on the wire. */
export function requestOpOf(operation: Operation, names: KeyNames): MessageInitShape<typeof RequestOpSchema> {
  const { bytesOf, rangeOf } = names;
  if ("put" in operation) {
    const { put, value, leaseId = 0n } = operation;
    const request = { key: bytesOf(put), value: valueBytes(value), lease: leaseId };
    return { request: { case: "requestPut", value: request } };
  }
  if ("delete" in operation) {
    return { request: { case: "requestDeleteRange", value: { key: bytesOf(operation.delete) } } };
  }
  if ("deleteUnder" in operation) {
    return { request: { case: "requestDeleteRange", value: rangeOf(operation.deleteUnder) } };
  }
  return { request: { case: "requestRange", value: { key: bytesOf(operation.get) } } };
}

/** Texts are UTF-8. */
export function valueBytes(value: string | Uint8Array): Uint8Array {
  return typeof value === "string" ? new TextEncoder().encode(value) : value;
}
