import type { ClusterSample } from "../observability/cluster-metrics.ts";
import type { EtcdCluster } from "../types/etcd-cluster.ts";

/** What is exported about a cluster, from its status. */
export function clusterSample({ spec, status }: EtcdCluster): ClusterSample {
  const { readyReplicas = 0, voters, learners, lastBackup, conditions = [], members = [] } = status ?? {};
  return {
    wantedMembers: spec.replicas,
    readyMembers: readyReplicas,
    ...(voters !== undefined && { voters }),
    ...(learners !== undefined && { learners }),
    ...(lastBackup && { lastBackupSeconds: Date.parse(lastBackup.time) / 1000 }),
    conditions: Object.fromEntries(conditions.map(({ type, status: value }) => [type, value])),
    members: members.map(({ name, role, dbSizeBytes, dbSizeInUseBytes }) => ({
      name,
      isLeader: role === "Leader",
      ...(dbSizeBytes !== undefined && { dbSizeBytes }),
      ...(dbSizeInUseBytes !== undefined && { dbSizeInUseBytes }),
    })),
  };
}
