import type { EtcdClusterTemplate } from "../types/etcd-cluster-spec.ts";
import type { EtcdRestore } from "../types/etcd-restore.ts";
import { API_VERSION } from "../types/kind.ts";
import { ANNOTATIONS, FIELD_MANAGER, LABELS } from "../types/names.ts";
import type { StoredSnapshot } from "./backup-commands.ts";
import type { Labels } from "./kubernetes-objects.ts";

/** The snapshot that the source of a restore turned out to be. */
export interface ResolvedSnapshot extends StoredSnapshot {
  readonly storeRef: { readonly name: string };
}

/** An EtcdCluster as a restore makes it. */
export interface RestoredCluster {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: "EtcdCluster";
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Labels;
    readonly annotations: Labels;
  };
  readonly spec: EtcdClusterTemplate & { readonly bootstrap: { readonly restore: ResolvedSnapshot } };
}

/**
 * The cluster that a restore asks for. It has no owner: it stays when the EtcdRestore is deleted. It is to be created,
 * never applied over a cluster of that name; the annotation tells a restore that was interrupted its own cluster from
 * somebody else's.
 */
export function restoredCluster({ metadata, spec }: EtcdRestore, snapshot: ResolvedSnapshot): RestoredCluster {
  const { storeRef, key, sha256 } = snapshot;
  return {
    apiVersion: API_VERSION,
    kind: "EtcdCluster",
    metadata: {
      name: spec.clusterName,
      namespace: metadata.namespace,
      labels: { [LABELS.managedBy]: FIELD_MANAGER, [LABELS.restore]: metadata.name },
      annotations: { [ANNOTATIONS.restoreUid]: metadata.uid },
    },
    spec: {
      ...spec.template,
      bootstrap: { restore: { storeRef: { name: storeRef.name }, key, ...(sha256 !== undefined && { sha256 }) } },
    },
  };
}
