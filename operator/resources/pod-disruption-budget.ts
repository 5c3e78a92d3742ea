import type { EtcdCluster } from "../types/etcd-cluster.ts";
import { memberSelector, statefulSetName } from "../types/names.ts";
import type { PodDisruptionBudget } from "./kubernetes-objects.ts";
import { metaOf } from "./written-meta.ts";

/**
 * Tells Kubernetes to evict a member only while more than half of the voters stay; undefined if no budget is wanted.
 * Learners and pods that wait are never ready, so those that are ready are voters. A lone voter may be evicted: a budget
 * that forbids it would hold up the drain of its node for ever, and its data are on the volume; the price is that the
 * cluster does not serve until the pod runs elsewhere.
 */
export function podDisruptionBudget(cluster: EtcdCluster, voters: number): PodDisruptionBudget | undefined {
  const { metadata, spec } = cluster;
  if (spec.disruption.podDisruptionBudget === "None") return undefined;
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: metaOf(cluster, statefulSetName(metadata.name)),
    spec: {
      minAvailable: voters > 1 ? Math.floor(voters / 2) + 1 : 0,
      unhealthyPodEvictionPolicy: spec.disruption.unhealthyPodEvictionPolicy,
      selector: { matchLabels: memberSelector(metadata.name) },
    },
  };
}
