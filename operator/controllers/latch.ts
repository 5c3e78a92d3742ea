import { patchStatus } from "../kube/patch-status.ts";
import { clusterKind } from "../kube/kvorum-kinds.ts";
import type { EtcdCluster } from "../types/etcd-cluster.ts";
import type { EtcdClusterStatus } from "../types/etcd-cluster-status.ts";
import type { ControllerWorld } from "./controller-world.ts";

/**
 * Writes a part of a cluster's status, under the very version of the object that was decided on: if anything else has
 * changed it, this fails with Conflict, and whatever was to follow does not happen.
 */
export function latch(
  { client, informers }: ControllerWorld,
  cluster: EtcdCluster,
  part: Partial<EtcdClusterStatus>,
): Promise<EtcdCluster> {
  return patchStatus(client, clusterKind, cluster, { ...cluster.status, ...part }, informers.clusters);
}
