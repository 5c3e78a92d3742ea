import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { LeaseId } from "../base/ids.ts";
import { bigUint64Bytes } from "../backend/uint64.ts";
import { LeaseSchema } from "../proto/gen/lease_pb.js";

/** A lease as it is stored: no absolute expiry, that starts anew with every leader. */
export interface LeaseRecord {
  readonly id: LeaseId;
  readonly ttlSeconds: number;
  /** From the last checkpoint, 0 if there is none. */
  readonly remainingTtlSeconds: number;
}

/** Row key in bucket `lease`. */
export function leaseKey(id: LeaseId): Uint8Array {
  return bigUint64Bytes(id);
}

/** Row value in bucket `lease`. */
export function encodeLease({ id, ttlSeconds, remainingTtlSeconds }: LeaseRecord): Uint8Array {
  const message = { ID: id, TTL: BigInt(ttlSeconds), RemainingTTL: BigInt(remainingTtlSeconds) };
  return toBinary(LeaseSchema, create(LeaseSchema, message));
}

/** The inverse of `encodeLease`. */
export function decodeLease(row: Uint8Array): LeaseRecord {
  const { ID, TTL, RemainingTTL } = fromBinary(LeaseSchema, row);
  return { id: ID, ttlSeconds: Number(TTL), remainingTtlSeconds: Number(RemainingTTL) };
}
