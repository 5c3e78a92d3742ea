import { Lease, type LeaseKeepAliveRequest, type LeaseKeepAliveResponse } from "../proto/gen/rpc_pb.js";
import type { Implementation, StreamCall } from "../rpc/service.ts";
import type { KeyNamespace } from "./key-namespace.ts";
import type { LeaderWatch } from "./leader-watch.ts";
import { LeaseRenewals } from "./lease-renewals.ts";
import type { Upstream } from "./upstream.ts";

/** Renewals of one client stream that may wait for the cluster at once. */
const MAX_OUTSTANDING = 1000;

/** What the Lease service of a proxy works with. */
export interface LeaseProxyParts {
  readonly upstream: Upstream;
  readonly namespace: KeyNamespace | undefined;
  readonly leader: LeaderWatch;
}

/** The Lease service over the cluster's: renewals share streams, and only keys of the namespace are shown. */
export function leaseProxy({ upstream, namespace, leader }: LeaseProxyParts): Implementation<typeof Lease> {
  const { leaseGrant, leaseRevoke, leaseTimeToLive, leaseLeases } = Lease.method;
  const renewals = new Map<string | undefined, LeaseRenewals>();
  const renewalsOf = (token: string | undefined): LeaseRenewals => {
    const known = renewals.get(token) ?? new LeaseRenewals(upstream, token);
    renewals.set(token, known);
    return known;
  };
  return {
    leaseGrant: (request, call) => upstream.unary(leaseGrant, request, call),
    leaseRevoke: (request, call) => upstream.unary(leaseRevoke, request, call),
    leaseLeases: (request, call) => upstream.unary(leaseLeases, request, call),
    async leaseTimeToLive(request, call) {
      const response = await upstream.unary(leaseTimeToLive, request, call);
      if (namespace) response.keys = response.keys.flatMap((key) => namespace.inner(key) ?? []);
      return response;
    },
    async leaseKeepAlive(call) {
      const token = call.metadata("token");
      const shared = renewalsOf(token);
      const guard = leader.guard(call);
      shared.join();
      try {
        await Promise.race([keepAlive(call, shared), ...(guard ? [guard.lost] : [])]);
      } finally {
        guard?.stop();
        shared.leave();
        if (shared.isUnused) renewals.delete(token);
      }
    },
  };
}

/** Renews what the client asks for, several leases at once; ends when it sends no more and all is answered. */
async function keepAlive(
  call: StreamCall<LeaseKeepAliveRequest, LeaseKeepAliveResponse>,
  renewals: LeaseRenewals,
): Promise<void> {
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);
  const outstanding = new Set<Promise<void>>();
  const renew = async (id: bigint): Promise<void> => {
    try {
      if (!call.send(await renewals.renew(id))) await call.drained();
    } catch (error) {
      failed.reject(error);
    }
  };
  const takeRequests = async (): Promise<void> => {
    for await (const { ID } of call.requests) {
      const renewal = renew(ID).finally(() => outstanding.delete(renewal));
      outstanding.add(renewal);
      if (outstanding.size >= MAX_OUTSTANDING) await Promise.race(outstanding);
    }
    await Promise.all(outstanding);
  };
  const gone = new Promise<void>((resolve) => {
    call.onCancelled(resolve);
  });
  await Promise.race([takeRequests(), failed.promise, gone]);
}
