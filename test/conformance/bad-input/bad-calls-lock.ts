import { Lease } from "../../../server/proto/gen/rpc_pb.js";
import { Election } from "../../../server/proto/gen/v3election_pb.js";
import { Lock } from "../../../server/proto/gen/v3lock_pb.js";
import { bytes } from "../../support/etcd-client.ts";
import { bad, type BadCall } from "./bad-call.ts";

const { lock, unlock } = Lock.method;
const { campaign, proclaim, leader, resign } = Election.method;
const { leaseGrant, leaseRevoke } = Lease.method;
const [name, key] = [bytes("l"), bytes("l/7")];

/** The Lock and the Election service. */
export const BAD_LOCK_CALLS: readonly BadCall[] = [
  bad(lock, { name, lease: 99n }),
  bad(lock, { name, lease: -1n }),
  bad(lock, { lease: 99n }),
  bad(leaseGrant, { ID: 7n, TTL: 600n }),
  bad(lock, { lease: 7n }),
  bad(lock, { name, lease: 7n }),
  bad(unlock, {}),
  bad(unlock, { key: bytes("no such lock") }),
  bad(unlock, { key }),
  bad(unlock, { key }),
  bad(campaign, { name, lease: 99n }),
  bad(campaign, { lease: 99n }),
  bad(campaign, { lease: 7n }),
  bad(leader, {}),
  bad(leader, { name: bytes("nobody") }),
  bad(proclaim, {}),
  bad(proclaim, { leader: {} }),
  bad(proclaim, { leader: { name, key, rev: 1n, lease: 99n }, value: name }),
  bad(proclaim, { leader: { name, key, rev: -1n, lease: 7n }, value: name }),
  bad(resign, {}),
  bad(resign, { leader: {} }),
  bad(resign, { leader: { name, key, rev: 1n, lease: 99n } }),
  bad(leaseRevoke, { ID: 7n }),
];
