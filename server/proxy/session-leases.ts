import { create } from "@bufbuild/protobuf";
import { Lease, LeaseGrantRequestSchema, LeaseRevokeRequestSchema } from "../proto/gen/rpc_pb.js";
import { Code, RpcError } from "../rpc/status.ts";
import { LeaseRenewals } from "./lease-renewals.ts";
import type { Upstream } from "./upstream.ts";

/** A lease as the cluster has granted it. */
export interface GrantedLease {
  readonly leaseId: bigint;
  readonly ttlSeconds: number;
  /** The cluster's revision then. */
  readonly revision: bigint;
}

/** The proxy's own leases: it takes and keeps them in nobody's name. */
export interface SessionLeases {
  grant(ttlSeconds: number): Promise<GrantedLease>;
  /** The seconds that it lives from now; 0: it has ended. */
  renew(leaseId: bigint): Promise<number>;
  revoke(leaseId: bigint): Promise<void>;
}

/** Leases of the cluster. */
export function sessionLeases(upstream: Upstream): SessionLeases {
  const { leaseGrant, leaseRevoke } = Lease.method;
  const renewals = new LeaseRenewals(upstream, undefined);
  renewals.join();
  return {
    async grant(ttlSeconds) {
      const request = create(LeaseGrantRequestSchema, { TTL: BigInt(ttlSeconds) });
      const { ID, TTL, error, header } = await upstream.unary(leaseGrant, request);
      if (error !== "") throw new RpcError(Code.UNKNOWN, error);
      return { leaseId: ID, ttlSeconds: Number(TTL), revision: header?.revision ?? 0n };
    },
    async renew(leaseId) {
      const { TTL } = await renewals.renew(leaseId);
      return Number(TTL);
    },
    async revoke(leaseId) {
      await upstream.unary(leaseRevoke, create(LeaseRevokeRequestSchema, { ID: leaseId }));
    },
  };
}
