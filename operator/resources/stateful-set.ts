import type { EtcdCluster } from "../types/etcd-cluster.ts";
import {
  ANNOTATIONS,
  LABELS,
  memberSelector,
  clusterLabels,
  peerServiceName,
  statefulSetName,
} from "../types/names.ts";
import type { ClaimTemplate, StatefulSet } from "./kubernetes-objects.ts";
import type { Platform } from "./platform.ts";
import { DATA_VOLUME, podTemplate } from "./pod-template.ts";
import type { RestoreSource } from "./pod-template.ts";
import { templateSource, type RolloutCause } from "./template-source.ts";
import { metaOf } from "./written-meta.ts";

/** What decides about a StatefulSet beside the cluster's spec. */
export interface StatefulSetState {
  /** How many pods there are to be at the moment, which the plan decides step by step. */
  readonly replicas: number;
  /** The snapshot to begin with, until the cluster has its id. */
  readonly restore?: RestoreSource;
  /** The size in the claim template of the StatefulSet that there is: it cannot change, see `claimGrowth`. */
  readonly claimSize?: string;
  /** Who changed the template last; the spec if nothing is said. */
  readonly cause?: RolloutCause;
}

/** Tells Kubernetes to keep a cluster's pods and claims by number, and to leave all decisions about them to the operator. */
export function statefulSet(cluster: EtcdCluster, platform: Platform, state: StatefulSetState): StatefulSet {
  const { name } = cluster.metadata;
  return {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: {
      ...metaOf(cluster, statefulSetName(name)),
      annotations: {
        [ANNOTATIONS.templateSource]: templateSource(cluster),
        [ANNOTATIONS.rolloutCause]: state.cause ?? "Spec",
      },
    },
    spec: {
      replicas: state.replicas,
      serviceName: peerServiceName(name),
      // One after the other would deadlock: the first is not ready before there is a quorum.
      podManagementPolicy: "Parallel",
      // The operator restarts pods, followers first; Kubernetes would go by number.
      updateStrategy: { type: "OnDelete" },
      revisionHistoryLimit: 2,
      // The operator deletes claims by itself, after the member is removed. A StatefulSet that is deleted by mistake must
      // not take the data along, whatever deletionPolicy says about the cluster.
      persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
      selector: { matchLabels: memberSelector(name) },
      template: podTemplate(cluster, platform, state.restore),
      volumeClaimTemplates: [claimTemplate(cluster, state.claimSize ?? String(cluster.spec.storage.size))],
    },
  };
}

function claimTemplate({ metadata: { name, uid }, spec: { storage } }: EtcdCluster, size: string): ClaimTemplate {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: DATA_VOLUME, labels: { ...clusterLabels(name), [LABELS.clusterUid]: uid } },
    spec: {
      accessModes: ["ReadWriteOnce"],
      volumeMode: "Filesystem",
      ...(storage.storageClassName !== undefined && { storageClassName: storage.storageClassName }),
      resources: { requests: { storage: size } },
    },
  };
}
