import { Health } from "../proto/gen/health_pb.js";
import { Membership } from "../proto/gen/kvorum_membership_pb.js";
import { Auth, Cluster, KV, Lease, Maintenance, Watch } from "../proto/gen/rpc_pb.js";
import { Election } from "../proto/gen/v3election_pb.js";
import { Lock } from "../proto/gen/v3lock_pb.js";
import { decodeTxn } from "../proto/nested-requests.ts";
import { bindService, type BoundMethod } from "../rpc/service.ts";
import { IdGenerator } from "../node/id-generator.ts";
import type { Node } from "../node/node.ts";
import type { PasswordHasher } from "../ports/password-hasher.ts";
import { Access, type TokenScheme } from "./access.ts";
import { authService } from "./auth-service.ts";
import { clusterService } from "./cluster-service.ts";
import { electionService } from "./election-service.ts";
import { healthService } from "./health-service.ts";
import { kvService } from "./kv-service.ts";
import { leaseService } from "./lease-service.ts";
import { lockService } from "./lock-service.ts";
import { maintenanceService } from "./maintenance-service.ts";
import { membershipService } from "./membership-service.ts";
import { encodeRangeResponse } from "./range-answer.ts";
import { encodeSnapshotResponse } from "./snapshot-encoding.ts";
import { requireLeader } from "./require-leader.ts";
import { Serving } from "./serving.ts";
import { watchService } from "./watch-service.ts";

export interface ServiceLimits {
  readonly maxTxnOps: number;
  readonly watchFragmentBytes: number;
  readonly watchProgressIntervalMs: number;
  /** Whether clients are sent away while the member defragments (feature StopGRPCServiceOnDefrag). */
  readonly stopsOnDefragment: boolean;
}

/** How users prove who they are. */
export interface ServiceAuth {
  readonly hasher: PasswordHasher;
  readonly tokens: TokenScheme;
  /** Whether the common name of a client's certificate says who it is. */
  readonly trustsCertificates: boolean;
}

/** Every service that a member offers to clients. */
export function clientServices(node: Node, limits: ServiceLimits, auth: ServiceAuth): readonly BoundMethod[] {
  const { hasher, tokens, trustsCertificates } = auth;
  const access = new Access({ node, tokens, trustsCertificates });
  const ids = new IdGenerator(node.selfId, node.clock.unixMs());
  const serving = new Serving();
  const kv = kvService(node, access, { maxTxnOps: limits.maxTxnOps });
  const lease = leaseService(node, access, () => ids.next());
  return requireLeader(node, [
    ...bindService(KV, kv, {
      "/etcdserverpb.KV/Range": { encode: encodeRangeResponse },
      "/etcdserverpb.KV/Txn": { decode: decodeTxn },
    }),
    ...bindService(
      Watch,
      watchService(node, access, {
        fragmentBytes: limits.watchFragmentBytes,
        progressIntervalMs: limits.watchProgressIntervalMs,
      }),
    ),
    ...bindService(Lease, lease),
    ...bindService(Cluster, clusterService(node, access)),
    ...bindService(Maintenance, maintenanceService(node, access, limits.stopsOnDefragment ? serving : undefined), {
      "/etcdserverpb.Maintenance/Snapshot": { encode: encodeSnapshotResponse },
    }),
    ...bindService(Lock, lockService({ node, kv, lease })),
    ...bindService(Election, electionService({ node, kv, lease })),
    ...bindService(Membership, membershipService(node, access)),
    ...bindService(Auth, authService({ node, access, hasher })),
    ...bindService(Health, healthService(serving)),
  ]);
}
