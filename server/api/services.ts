import { Health } from "../proto/gen/health_pb.js";
import { Membership } from "../proto/gen/kvorum_membership_pb.js";
import { Cluster, KV, Lease, Maintenance, Watch } from "../proto/gen/rpc_pb.js";
import { bindService, type BoundMethod } from "../rpc/service.ts";
import { IdGenerator } from "../node/id-generator.ts";
import type { Node } from "../node/node.ts";
import { clusterService } from "./cluster-service.ts";
import { healthService } from "./health-service.ts";
import { kvService } from "./kv-service.ts";
import { leaseService } from "./lease-service.ts";
import { maintenanceService } from "./maintenance-service.ts";
import { membershipService } from "./membership-service.ts";
import { encodeRangeResponse } from "./range-answer.ts";
import { encodeSnapshotResponse } from "./snapshot-encoding.ts";
import { watchService } from "./watch-service.ts";

export interface ServiceLimits {
  readonly maxTxnOps: number;
  readonly watchFragmentBytes: number;
  readonly watchProgressIntervalMs: number;
}

/** Every service that a member offers to clients. */
export function clientServices(node: Node, limits: ServiceLimits): readonly BoundMethod[] {
  const ids = new IdGenerator(node.selfId, node.clock.unixMs());
  return [
    ...bindService(KV, kvService(node, { maxTxnOps: limits.maxTxnOps }), {
      "/etcdserverpb.KV/Range": { encode: encodeRangeResponse },
    }),
    ...bindService(
      Watch,
      watchService(node, {
        fragmentBytes: limits.watchFragmentBytes,
        progressIntervalMs: limits.watchProgressIntervalMs,
      }),
    ),
    ...bindService(
      Lease,
      leaseService(node, () => ids.next()),
    ),
    ...bindService(Cluster, clusterService(node)),
    ...bindService(Maintenance, maintenanceService(node), {
      "/etcdserverpb.Maintenance/Snapshot": { encode: encodeSnapshotResponse },
    }),
    ...bindService(Membership, membershipService(node)),
    ...bindService(Health, healthService()),
  ];
}
