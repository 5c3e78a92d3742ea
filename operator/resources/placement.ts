import type { EtcdClusterSpec } from "../types/etcd-cluster-spec.ts";
import { memberSelector } from "../types/names.ts";
import type { Affinity, PodSpec, TopologySpread } from "./kubernetes-objects.ts";

const NODE = "kubernetes.io/hostname";
const ZONE = "topology.kubernetes.io/zone";

/** What a pod says about where it runs. */
export type Placement = Pick<
  PodSpec,
  "affinity" | "topologySpreadConstraints" | "nodeSelector" | "tolerations" | "priorityClassName"
>;

/** Where a cluster's members run: on different nodes and in different zones as far as there are any, unless told otherwise. */
export function memberPlacement(cluster: string, scheduling: EtcdClusterSpec["scheduling"]): Placement {
  const affinity = antiAffinity(cluster, scheduling.podAntiAffinity);
  const spread = topologySpread(cluster, scheduling.topologySpread);
  return {
    ...(affinity && { affinity }),
    ...(spread.length > 0 && { topologySpreadConstraints: spread }),
    ...nodeChoice(scheduling),
  };
}

/** Which nodes a pod of the cluster may use at all, whatever it is for. */
export function nodeChoice({ nodeSelector, tolerations, priorityClassName }: EtcdClusterSpec["scheduling"]): Placement {
  return {
    ...(nodeSelector && { nodeSelector }),
    ...(tolerations && tolerations.length > 0 && { tolerations }),
    ...(priorityClassName !== undefined && { priorityClassName }),
  };
}

function antiAffinity(cluster: string, wish: EtcdClusterSpec["scheduling"]["podAntiAffinity"]): Affinity | undefined {
  const podAffinityTerm = { topologyKey: NODE, labelSelector: { matchLabels: memberSelector(cluster) } };
  switch (wish) {
    case "None":
      return undefined;
    case "Required":
      return { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [podAffinityTerm] } };
    case "Preferred":
      return {
        podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm }] },
      };
  }
}

function topologySpread(
  cluster: string,
  wish: EtcdClusterSpec["scheduling"]["topologySpread"],
): readonly TopologySpread[] {
  const constraints = wish ?? [{ topologyKey: ZONE, maxSkew: 1, whenUnsatisfiable: "ScheduleAnyway" as const }];
  return constraints.map(({ topologyKey, maxSkew, whenUnsatisfiable }) => ({
    topologyKey,
    maxSkew,
    whenUnsatisfiable,
    labelSelector: { matchLabels: memberSelector(cluster) },
  }));
}
