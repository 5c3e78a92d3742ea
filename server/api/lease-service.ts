import { create } from "@bufbuild/protobuf";
import { checkLeaseReadable, checkLeaseWritable } from "../apply/key-permissions.ts";
import { DomainError } from "../base/domain-error.ts";
import type { Node } from "../node/node.ts";
import {
  LeaseKeepAliveResponseSchema,
  LeaseLeasesResponseSchema,
  LeaseTimeToLiveResponseSchema,
  type Lease,
  type LeaseGrantResponse,
  type LeaseKeepAliveRequest,
  type LeaseKeepAliveResponse,
  type LeaseRevokeResponse,
} from "../proto/gen/rpc_pb.js";
import type { Implementation, StreamCall } from "../rpc/service.ts";
import type { Access } from "./access.ts";
import { headerOf } from "./header.ts";
import { refuseOnLearner } from "./kv-service.ts";
import { write } from "./write.ts";

/** Ids are positive int64 when we choose them. */
const MAX_POSITIVE_INT64 = (1n << 63n) - 1n;

/** The Lease service. */
export function leaseService(node: Node, access: Access, nextId: () => bigint): Implementation<typeof Lease> {
  return {
    leaseGrant(request, call) {
      refuseOnLearner(node);
      // The id is chosen before the proposal: applying must be the same on every member.
      if (request.ID === 0n) request.ID = nextId() & MAX_POSITIVE_INT64;
      return write<LeaseGrantResponse>(node, access, call, { leaseGrant: request });
    },
    leaseRevoke(request, call) {
      refuseOnLearner(node);
      return write<LeaseRevokeResponse>(node, access, call, { leaseRevoke: request });
    },
    leaseKeepAlive: (call) => keepAlive(node, access, call),
    async leaseTimeToLive(request, call) {
      refuseOnLearner(node);
      const caller = await access.requireCaller(call);
      const { revision } = node.machine.auth;
      if (request.keys) checkLeaseReadable(node.machine, caller, request.ID);
      const unknown = { header: headerOf(node), ID: request.ID, TTL: -1n };
      try {
        const { ttl, grantedTtl, keys } = await node.leases.timeToLive(request.ID, request.keys);
        const { auth } = node.machine;
        if (request.keys && auth.isEnabled && auth.revision !== revision) throw new DomainError("auth-old-revision");
        const answer = { ID: request.ID, TTL: BigInt(ttl), grantedTTL: BigInt(grantedTtl), keys: [...keys] };
        return create(LeaseTimeToLiveResponseSchema, { header: headerOf(node), ...answer });
      } catch (error) {
        if (isUnknownLease(error)) return create(LeaseTimeToLiveResponseSchema, unknown);
        throw error;
      }
    },
    async leaseLeases(_request, call) {
      refuseOnLearner(node);
      const caller = await access.requireCaller(call);
      const all = node.machine.lessor.list();
      for (const { id } of all) checkLeaseReadable(node.machine, caller, id);
      const leases = all.map(({ id }) => ({ ID: id }));
      return create(LeaseLeasesResponseSchema, { header: headerOf(node), leases });
    },
  };
}

/** Answers in the order of the requests; an unknown lease has TTL 0. */
async function keepAlive(
  node: Node,
  access: Access,
  call: StreamCall<LeaseKeepAliveRequest, LeaseKeepAliveResponse>,
): Promise<void> {
  refuseOnLearner(node);
  for await (const { ID } of call.requests) {
    let ttl = 0;
    // Of before the renewal: a lease that is gone at a revision was not renewed after it.
    const header = headerOf(node);
    if (access.isEnabled) checkLeaseWritable(node.machine, await access.requireCaller(call), ID);
    try {
      ttl = await node.leases.renew(ID);
    } catch (error) {
      if (!isUnknownLease(error)) throw error;
    }
    const response = create(LeaseKeepAliveResponseSchema, { header, ID, TTL: BigInt(ttl) });
    if (!call.send(response)) await call.drained();
  }
}

function isUnknownLease(error: unknown): boolean {
  return error instanceof DomainError && error.fault === "lease-not-found";
}
