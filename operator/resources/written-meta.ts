import type { EtcdCluster } from "../types/etcd-cluster.ts";
import { clusterLabels } from "../types/names.ts";
import type { OwnerReference, WrittenMeta } from "./kubernetes-objects.ts";

/** What ownership needs to know of an owner. */
export interface Owner {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly uid: string };
}

/** Metadata of an object of a cluster: its labels, and the cluster as its owner, so that it goes when the cluster goes. */
export function metaOf(cluster: EtcdCluster, name: string): WrittenMeta {
  return {
    name,
    namespace: cluster.metadata.namespace,
    labels: clusterLabels(cluster.metadata.name),
    ownerReferences: [ownerReference(cluster)],
  };
}

/** The one controller of an object. */
export function ownerReference({ apiVersion, kind, metadata: { name, uid } }: Owner): OwnerReference {
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
}
