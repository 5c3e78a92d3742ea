import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { LeaseId } from "../base/ids.ts";
import type { LeaseTimeToLive } from "../ports/network.ts";
import { LeaseInternalRequestSchema, LeaseInternalResponseSchema } from "../proto/gen/lease_pb.js";
import { LeaseKeepAliveRequestSchema, LeaseKeepAliveResponseSchema } from "../proto/gen/rpc_pb.js";

/** The messages by which a member asks the leader about a lease (peer-protocol §1, /leases). */

export function encodeRenewal(id: LeaseId): Uint8Array {
  return toBinary(LeaseKeepAliveRequestSchema, create(LeaseKeepAliveRequestSchema, { ID: id }));
}

/** Throws on what is no such message. */
export function decodeRenewal(bytes: Uint8Array): LeaseId {
  return fromBinary(LeaseKeepAliveRequestSchema, bytes).ID;
}

export function encodeRenewed(id: LeaseId, ttlSeconds: number): Uint8Array {
  const response = create(LeaseKeepAliveResponseSchema, { ID: id, TTL: BigInt(ttlSeconds) });
  return toBinary(LeaseKeepAliveResponseSchema, response);
}

/** Seconds that the lease has again. Throws on what is no such message. */
export function decodeRenewed(bytes: Uint8Array, id: LeaseId): number {
  const { ID, TTL } = fromBinary(LeaseKeepAliveResponseSchema, bytes);
  if (ID !== id) throw new Error("the answer is about another lease");
  return Number(TTL);
}

export function encodeTimeToLiveQuestion(id: LeaseId, keys: boolean): Uint8Array {
  const request = create(LeaseInternalRequestSchema, { LeaseTimeToLiveRequest: { ID: id, keys } });
  return toBinary(LeaseInternalRequestSchema, request);
}

/** Throws on what is no such message. */
export function decodeTimeToLiveQuestion(bytes: Uint8Array): { readonly id: LeaseId; readonly keys: boolean } {
  const { LeaseTimeToLiveRequest: question } = fromBinary(LeaseInternalRequestSchema, bytes);
  if (!question) throw new Error("no lease is asked about");
  return { id: question.ID, keys: question.keys };
}

/** The header is there, but empty, as etcd writes it. */
export function encodeTimeToLive({ id, ttl, grantedTtl, keys }: LeaseTimeToLive): Uint8Array {
  const response = create(LeaseInternalResponseSchema, {
    LeaseTimeToLiveResponse: {
      header: {},
      ID: id,
      TTL: BigInt(ttl),
      grantedTTL: BigInt(grantedTtl),
      keys: [...keys],
    },
  });
  return toBinary(LeaseInternalResponseSchema, response);
}

/** Throws on what is no such message. */
export function decodeTimeToLive(bytes: Uint8Array, id: LeaseId): LeaseTimeToLive {
  const { LeaseTimeToLiveResponse: answer } = fromBinary(LeaseInternalResponseSchema, bytes);
  if (answer?.ID !== id) throw new Error("the answer is about another lease");
  return { id, ttl: Number(answer.TTL), grantedTtl: Number(answer.grantedTTL), keys: answer.keys };
}
