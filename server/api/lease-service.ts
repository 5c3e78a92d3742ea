import { create } from "@bufbuild/protobuf";
import { DomainError } from "../base/domain-error.ts";
import type { Node } from "../node/node.ts";
import {
  LeaseKeepAliveResponseSchema,
  LeaseLeasesResponseSchema,
  LeaseTimeToLiveResponseSchema,
  type Lease,
  type LeaseGrantRequest,
  type LeaseGrantResponse,
  type LeaseKeepAliveRequest,
  type LeaseKeepAliveResponse,
  type LeaseRevokeResponse,
} from "../proto/gen/rpc_pb.js";
import type { Implementation, StreamCall } from "../rpc/service.ts";
import { headerOf } from "./header.ts";
import { refuseOnLearner, write } from "./kv-service.ts";

/** Ids are positive int64 when we choose them. */
const MAX_POSITIVE_INT64 = (1n << 63n) - 1n;

/** The Lease service. */
export function leaseService(node: Node, nextId: () => bigint): Implementation<typeof Lease> {
  return {
    leaseGrant(request) {
      refuseOnLearner(node);
      return grant(node, request, nextId);
    },
    leaseRevoke(request) {
      refuseOnLearner(node);
      return write<LeaseRevokeResponse>(node, { leaseRevoke: request });
    },
    leaseKeepAlive: (call) => keepAlive(node, call),
    async leaseTimeToLive(request) {
      refuseOnLearner(node);
      const unknown = { header: headerOf(node), ID: request.ID, TTL: -1n };
      try {
        const { ttl, grantedTtl, keys } = await node.leases.timeToLive(request.ID, request.keys);
        const answer = { ID: request.ID, TTL: BigInt(ttl), grantedTTL: BigInt(grantedTtl), keys: [...keys] };
        return create(LeaseTimeToLiveResponseSchema, { header: headerOf(node), ...answer });
      } catch (error) {
        if (isUnknownLease(error)) return create(LeaseTimeToLiveResponseSchema, unknown);
        throw error;
      }
    },
    leaseLeases() {
      refuseOnLearner(node);
      const leases = node.machine.lessor.list().map(({ id }) => ({ ID: id }));
      return create(LeaseLeasesResponseSchema, { header: headerOf(node), leases });
    },
  };
}

/** The id is chosen before the proposal: applying must be the same on every member. */
function grant(node: Node, request: LeaseGrantRequest, nextId: () => bigint): Promise<LeaseGrantResponse> {
  if (request.ID === 0n) request.ID = nextId() & MAX_POSITIVE_INT64;
  return write<LeaseGrantResponse>(node, { leaseGrant: request });
}

/** Answers in the order of the requests; an unknown lease has TTL 0. */
async function keepAlive(node: Node, call: StreamCall<LeaseKeepAliveRequest, LeaseKeepAliveResponse>): Promise<void> {
  refuseOnLearner(node);
  for await (const { ID } of call.requests) {
    let ttl = 0;
    try {
      ttl = await node.leases.renew(ID);
    } catch (error) {
      if (!isUnknownLease(error)) throw error;
    }
    const response = create(LeaseKeepAliveResponseSchema, { header: headerOf(node), ID, TTL: BigInt(ttl) });
    if (!call.send(response)) await call.drained();
  }
}

function isUnknownLease(error: unknown): boolean {
  return error instanceof DomainError && error.fault === "lease-not-found";
}
