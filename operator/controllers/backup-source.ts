import { findCondition, isTrue } from "../types/condition.ts";
import type { EtcdCluster } from "../types/etcd-cluster.ts";
import type { MemberStatus } from "../types/etcd-cluster-status.ts";
import { memberClientUrl, ordinalOfPod } from "../types/names.ts";

/** Where a snapshot of a cluster can be had, or why nowhere at the moment. */
export type BackupSource =
  | {
      readonly kind: "Ready";
      readonly clusterUid: string;
      readonly clusterId: string;
      /** Pod of the first endpoint. */
      readonly member: string;
      /** Client URLs, the best one first. The Job looks again: much may have happened before it runs. */
      readonly endpoints: readonly string[];
    }
  | { readonly kind: "Unavailable"; readonly reason: string; readonly message: string };

/** The members to take a snapshot from: healthy followers, the furthest one first, and the leader only after them. */
export function backupSource(name: string, cluster: EtcdCluster | undefined): BackupSource {
  if (!cluster) return unavailable("ClusterNotFound", `there is no EtcdCluster ${name} in this namespace`);
  const { status } = cluster;
  if (cluster.spec.replicas === 0 && isTrue(status?.conditions, "Hibernated"))
    return unavailable("Hibernated", `EtcdCluster ${name} is scaled to 0`);
  if (status?.clusterID === undefined) return unavailable("NotFounded", `EtcdCluster ${name} has no first member yet`);
  const quorum = findCondition(status.conditions, "QuorumHealthy");
  if (quorum?.status !== "True")
    return unavailable(
      "QuorumLost",
      `EtcdCluster ${name} has no quorum: ${quorum?.message ?? "it was not looked at yet"}`,
    );
  const members = (status.members ?? [])
    .filter(({ healthy, phase, role }) => healthy && phase === "Running" && (role === "Follower" || role === "Leader"))
    .toSorted((a, b) => rank(a) - rank(b) || (b.raftIndex ?? 0) - (a.raftIndex ?? 0));
  const [first] = members;
  if (!first) return unavailable("NoHealthyMember", `EtcdCluster ${name} has no healthy member at the moment`);
  return {
    kind: "Ready",
    clusterUid: cluster.metadata.uid,
    clusterId: status.clusterID,
    member: first.name,
    endpoints: members.flatMap((member) => {
      const ordinal = ordinalOfPod(name, member.name);
      return ordinal === undefined ? [] : [memberClientUrl(cluster.metadata, ordinal)];
    }),
  };
}

function rank({ role }: MemberStatus): number {
  return role === "Leader" ? 1 : 0;
}

function unavailable(reason: string, message: string): BackupSource {
  return { kind: "Unavailable", reason, message };
}
