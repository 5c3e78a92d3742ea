import { Lease } from "../../../server/proto/gen/rpc_pb.js";
import { bad, type BadCall } from "./bad-call.ts";

const { leaseGrant, leaseRevoke, leaseTimeToLive, leaseKeepAlive, leaseLeases } = Lease.method;
const MIN = -9_223_372_036_854_775_808n;
const MAX = 9_223_372_036_854_775_807n;
/** etcd's longest. */
const MAX_TTL = 9_000_000_000n;

/** The Lease service. */
export const BAD_LEASE_CALLS: readonly BadCall[] = [
  bad(leaseGrant, { ID: 7n }),
  bad(leaseGrant, { ID: 7n, TTL: 60n }),
  bad(leaseGrant, { ID: 7n, TTL: -1n }),
  bad(leaseGrant, { ID: 11n, TTL: -1n }),
  bad(leaseGrant, { ID: 12n, TTL: MIN }),
  bad(leaseGrant, { ID: 13n, TTL: MAX_TTL + 1n }),
  bad(leaseGrant, { ID: 13n, TTL: MAX }),
  bad(leaseGrant, { TTL: MAX_TTL + 1n }),
  bad(leaseGrant, { ID: 14n, TTL: MAX_TTL }),
  bad(leaseGrant, { ID: -7n, TTL: 60n }),
  bad(leaseGrant, { ID: MIN, TTL: 60n }),
  bad(leaseRevoke, {}),
  bad(leaseRevoke, { ID: 99n }),
  bad(leaseRevoke, { ID: MAX }),
  bad(leaseRevoke, { ID: -7n }),
  bad(leaseRevoke, { ID: -7n }),
  bad(leaseRevoke, { ID: MIN }),
  bad(leaseTimeToLive, {}),
  bad(leaseTimeToLive, { ID: 99n }),
  bad(leaseTimeToLive, { ID: 99n, keys: true }),
  bad(leaseTimeToLive, { ID: MIN, keys: true }),
  bad(leaseKeepAlive, [{}], { responses: 1 }),
  bad(leaseKeepAlive, [{ ID: 99n }, { ID: -1n }], { responses: 2 }),
  bad(leaseKeepAlive, []),
  bad(leaseRevoke, { ID: 7n }),
  bad(leaseRevoke, { ID: 11n }),
  bad(leaseRevoke, { ID: 12n }),
  bad(leaseRevoke, { ID: 13n }),
  bad(leaseRevoke, { ID: 14n }),
  bad(leaseLeases, {}),
];
