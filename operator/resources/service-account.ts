import type { EtcdCluster } from "../types/etcd-cluster.ts";
import { statefulSetName } from "../types/names.ts";
import type { ServiceAccount } from "./kubernetes-objects.ts";
import { metaOf } from "./written-meta.ts";

/** Tells Kubernetes that members are somebody of their own, who may do nothing: they never talk to the API server. */
export function serviceAccount(cluster: EtcdCluster): ServiceAccount {
  return {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: metaOf(cluster, statefulSetName(cluster.metadata.name)),
    automountServiceAccountToken: false,
  };
}
