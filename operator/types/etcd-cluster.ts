import { ETCD_CLUSTER_SPEC } from "./etcd-cluster-spec.ts";
import type { EtcdClusterSpec } from "./etcd-cluster-spec.ts";
import { ETCD_CLUSTER_STATUS } from "./etcd-cluster-status.ts";
import type { EtcdClusterStatus } from "./etcd-cluster-status.ts";
import { AGE, conditionColumn } from "./kind.ts";
import type { KindDefinition } from "./kind.ts";
import { nameRule } from "./name-rule.ts";
import type { CustomResource } from "./object-meta.ts";

/**
 * Longest name of a cluster. The StatefulSet controller labels pods with the cluster's name, a dash and a hash of ten
 * characters, and a label has at most 63.
 */
export const CLUSTER_NAME_MAX = 52;

/** A cluster of Kvorum servers. */
export type EtcdCluster = CustomResource<"EtcdCluster", EtcdClusterSpec, EtcdClusterStatus>;

/** The conditions of a cluster. */
export const CLUSTER_CONDITIONS = {
  Available: "A linearizable read and a write succeed.",
  Progressing: "The cluster is on its way to what the spec says; the message says what is waited for.",
  Degraded: "A member is not what it should be, or something needs a person.",
  QuorumHealthy:
    "More than half of the voters are healthy. While it is False nothing is deleted, removed or recreated.",
  BackupReady: "The last backup succeeded, and the store can be reached.",
  Hibernated: "The cluster is scaled to 0 with its data kept.",
  Paused: "The operator leaves the cluster alone, because spec.paused says so.",
} as const;

/** The type of a cluster's condition. */
export type ClusterConditionType = keyof typeof CLUSTER_CONDITIONS;

/** The kind as the API server learns it. */
export const ETCD_CLUSTER: KindDefinition = {
  kind: "EtcdCluster",
  plural: "etcdclusters",
  singular: "etcdcluster",
  shortNames: ["etcd"],
  schema: {
    type: "object",
    description: "A cluster of Kvorum servers, which any etcd client can talk to.",
    required: ["spec"],
    properties: { spec: ETCD_CLUSTER_SPEC, status: ETCD_CLUSTER_STATUS },
    "x-kubernetes-validations": [
      nameRule(
        "EtcdCluster",
        CLUSTER_NAME_MAX,
        "its pods and Services are named after it, such as NAME-0 and NAME-client",
      ),
    ],
  },
  columns: [
    { name: "Replicas", type: "integer", jsonPath: ".spec.replicas", description: "Members wanted." },
    { name: "Ready", type: "integer", jsonPath: ".status.readyReplicas", description: "Members that serve." },
    { name: "Leader", type: "string", jsonPath: ".status.leader", description: "The pod that leads." },
    { name: "Version", type: "string", jsonPath: ".status.version", description: "Release of Kvorum." },
    conditionColumn("Available", CLUSTER_CONDITIONS.Available),
    conditionColumn("Degraded", CLUSTER_CONDITIONS.Degraded),
    { name: "Operation", type: "string", jsonPath: ".status.operation.type", description: "What is being done." },
    {
      name: "LastBackup",
      type: "date",
      jsonPath: ".status.lastBackup.time",
      description: "Time since the last backup.",
    },
    AGE,
    {
      name: "Endpoint",
      type: "string",
      jsonPath: ".status.endpoints.client",
      description: "What a client types.",
      priority: 1,
    },
  ],
  scale: {
    specReplicasPath: ".spec.replicas",
    statusReplicasPath: ".status.replicas",
    labelSelectorPath: ".status.selector",
  },
  hasStatus: true,
};
