import { CONDITIONS } from "./condition.ts";
import { CLUSTER_NAME_MAX } from "./etcd-cluster.ts";
import { ETCD_CLUSTER_TEMPLATE } from "./etcd-cluster-spec.ts";
import { AGE } from "./kind.ts";
import type { KindDefinition } from "./kind.ts";
import { nameRule } from "./name-rule.ts";
import type { CustomResource } from "./object-meta.ts";
import { referenceTo } from "./reference.ts";
import type { FromSchema, InputOf, Schema } from "./schema.ts";
import { counter, text, time } from "./status-fields.ts";

const SOURCE = {
  type: "object",
  description: "What to restore: a backup, or any snapshot in a store, also one that etcd made.",
  properties: {
    backupRef: referenceTo("The EtcdBackup to restore."),
    snapshot: {
      type: "object",
      description: "A snapshot by its place.",
      required: ["storeRef", "key"],
      properties: {
        storeRef: referenceTo("The EtcdBackupStore that holds it."),
        key: {
          type: "string",
          description: "Its key in the store, below its prefix, or its path below that of the volume.",
          minLength: 1,
          maxLength: 1024,
        },
      },
    },
  },
  "x-kubernetes-validations": [
    {
      rule: "has(self.backupRef) != has(self.snapshot)",
      message: "a restore has one source: write either source.backupRef or source.snapshot",
    },
  ],
} as const satisfies Schema;

/** `EtcdRestore.spec`. */
export const ETCD_RESTORE_SPEC = {
  type: "object",
  description: "What to restore, and into which new cluster. It cannot change.",
  required: ["source", "clusterName"],
  properties: {
    source: SOURCE,
    clusterName: {
      type: "string",
      description: "Name of the EtcdCluster to make. There must be none of that name.",
      maxLength: 253,
      "x-kubernetes-validations": [
        {
          rule: `self.size() <= ${CLUSTER_NAME_MAX} && self.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')`,
          message: `clusterName must be a name for an EtcdCluster: at most ${CLUSTER_NAME_MAX} lower-case letters, digits and '-', beginning with a letter`,
        },
      ],
    },
    template: {
      ...ETCD_CLUSTER_TEMPLATE,
      description: "What the new cluster should be: fields of EtcdCluster.spec.",
      default: {},
    },
  },
  "x-kubernetes-validations": [
    {
      rule: "self.source == oldSelf.source && self.clusterName == oldSelf.clusterName && self.template == oldSelf.template",
      message: "an EtcdRestore cannot change: write another one, or change the EtcdCluster that it made",
    },
  ],
} as const satisfies Schema;

/** `EtcdRestore.status`. */
export const ETCD_RESTORE_STATUS = {
  type: "object",
  description: "How far the restore is.",
  properties: {
    observedGeneration: counter("The metadata.generation that this status is about."),
    phase: {
      type: "string",
      description:
        "Validating: the source is looked at. Fetching: the seed member fetches it. Seeding: the seed member starts. Joining: the others join. Verifying: the data are compared with the source.",
      enum: ["Validating", "Fetching", "Seeding", "Joining", "Verifying", "Completed", "Failed"],
    },
    clusterUID: text("UID of the EtcdCluster that was made."),
    snapshot: {
      type: "object",
      description: "The snapshot that the source turned out to be.",
      required: ["storeRef", "key"],
      properties: {
        storeRef: referenceTo("The EtcdBackupStore that holds it."),
        key: text("Its key within the bucket, or its path within the volume."),
        sha256: text("Checksum of its bytes."),
        revision: counter("Revision that it holds."),
        clusterID: text("Id of the cluster that it was taken from, in hex."),
      },
    },
    restoredRevision: counter("Revision that the new cluster began with."),
    startedAt: time("When it began."),
    completedAt: time("When the new cluster was complete."),
    message: text("What it waits for, or why it failed."),
    conditions: CONDITIONS,
  },
} as const satisfies Schema;

/** What to restore, defaults filled in. */
export type EtcdRestoreSpec = FromSchema<typeof ETCD_RESTORE_SPEC>;

/** What to restore, as a user writes it. */
export type EtcdRestoreSpecInput = InputOf<typeof ETCD_RESTORE_SPEC>;

/** How far the restore is. */
export type EtcdRestoreStatus = FromSchema<typeof ETCD_RESTORE_STATUS>;

/** A restore of a snapshot into a new cluster. */
export type EtcdRestore = CustomResource<"EtcdRestore", EtcdRestoreSpec, EtcdRestoreStatus>;

/** The conditions of a restore. */
export type RestoreConditionType = "Complete" | "Failed";

/** The kind as the API server learns it. */
export const ETCD_RESTORE: KindDefinition = {
  kind: "EtcdRestore",
  plural: "etcdrestores",
  singular: "etcdrestore",
  shortNames: [],
  schema: {
    type: "object",
    description: "A restore of a snapshot into a new cluster.",
    required: ["spec"],
    properties: { spec: ETCD_RESTORE_SPEC, status: ETCD_RESTORE_STATUS },
    "x-kubernetes-validations": [nameRule("EtcdRestore", 63, "objects are labelled with it")],
  },
  columns: [
    { name: "Cluster", type: "string", jsonPath: ".spec.clusterName", description: "The new cluster." },
    { name: "Phase", type: "string", jsonPath: ".status.phase", description: "How far it is." },
    { name: "Revision", type: "integer", jsonPath: ".status.restoredRevision", description: "Revision it began with." },
    { name: "Message", type: "string", jsonPath: ".status.message", description: "What it waits for.", priority: 1 },
    AGE,
  ],
  hasStatus: true,
};
