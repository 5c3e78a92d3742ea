import { CONDITIONS } from "./condition.ts";
import { AGE } from "./kind.ts";
import type { KindDefinition } from "./kind.ts";
import { nameRule } from "./name-rule.ts";
import type { CustomResource } from "./object-meta.ts";
import { referenceTo } from "./reference.ts";
import type { FromSchema, InputOf, Schema } from "./schema.ts";
import { counter, text, time } from "./status-fields.ts";

/** Longest name of a backup: its Jobs add `-` and a word of at most six letters, and a Job's name is a label. */
export const BACKUP_NAME_MAX = 56;

/** `EtcdBackup.spec`. */
export const ETCD_BACKUP_SPEC = {
  type: "object",
  description: "What to back up, and where to. Only deletionPolicy can change.",
  required: ["clusterRef", "storeRef"],
  properties: {
    clusterRef: referenceTo("The EtcdCluster to back up."),
    storeRef: referenceTo("The EtcdBackupStore that the backup goes to."),
    deletionPolicy: {
      type: "string",
      description:
        "What becomes of the stored snapshot when this object is deleted: Retain keeps it, Delete deletes it.",
      enum: ["Retain", "Delete"],
      default: "Retain",
    },
  },
  "x-kubernetes-validations": [
    {
      rule: "self.clusterRef == oldSelf.clusterRef && self.storeRef == oldSelf.storeRef",
      message:
        "clusterRef and storeRef of an EtcdBackup cannot change: a backup is taken once. Write another EtcdBackup",
    },
  ],
} as const satisfies Schema;

/** `EtcdBackup.status`. */
export const ETCD_BACKUP_STATUS = {
  type: "object",
  description: "What was backed up.",
  properties: {
    observedGeneration: counter("The metadata.generation that this status is about."),
    phase: {
      type: "string",
      description: "Where the backup is. Completed: stored. Verified: read back from the store, and intact.",
      enum: ["Pending", "Running", "Completed", "Verified", "Failed"],
    },
    member: text("The pod that the snapshot was taken from."),
    clusterID: text("Id of the cluster, in hex."),
    clusterUID: text("UID of the EtcdCluster object."),
    revision: counter("The exact revision of the snapshot."),
    raftTerm: counter("The raft term of the member when the snapshot was taken."),
    uri: text("Where the snapshot is, such as s3://bucket/key."),
    key: text("Its key within the store, as a restore takes it."),
    sizeBytes: counter("Size of the snapshot."),
    sha256: text("Checksum of the stored bytes."),
    hashKV: counter("HashKV at the revision, to compare with that of a restored cluster."),
    serverVersion: text("Release of Kvorum that made it."),
    startedAt: time("When it began."),
    completedAt: time("When it was stored."),
    verifiedAt: time("When it was last read back and found intact."),
    message: text("What it waits for, or why it failed."),
    conditions: CONDITIONS,
  },
} as const satisfies Schema;

/** What to back up, defaults filled in. */
export type EtcdBackupSpec = FromSchema<typeof ETCD_BACKUP_SPEC>;

/** What to back up, as a user writes it. */
export type EtcdBackupSpecInput = InputOf<typeof ETCD_BACKUP_SPEC>;

/** What was backed up. */
export type EtcdBackupStatus = FromSchema<typeof ETCD_BACKUP_STATUS>;

/** One backup of a cluster. */
export type EtcdBackup = CustomResource<"EtcdBackup", EtcdBackupSpec, EtcdBackupStatus>;

/** The conditions of a backup. */
export type BackupConditionType = "Complete" | "Failed" | "Verified";

/** The kind as the API server learns it. */
export const ETCD_BACKUP: KindDefinition = {
  kind: "EtcdBackup",
  plural: "etcdbackups",
  singular: "etcdbackup",
  shortNames: [],
  schema: {
    type: "object",
    description: "One backup of a cluster, taken once.",
    required: ["spec"],
    properties: { spec: ETCD_BACKUP_SPEC, status: ETCD_BACKUP_STATUS },
    "x-kubernetes-validations": [nameRule("EtcdBackup", BACKUP_NAME_MAX, "its Jobs are named after it")],
  },
  columns: [
    { name: "Cluster", type: "string", jsonPath: ".spec.clusterRef.name", description: "What was backed up." },
    { name: "Phase", type: "string", jsonPath: ".status.phase", description: "Where the backup is." },
    { name: "Revision", type: "integer", jsonPath: ".status.revision", description: "Revision that it holds." },
    { name: "Bytes", type: "integer", jsonPath: ".status.sizeBytes", description: "Size of the snapshot." },
    { name: "Completed", type: "date", jsonPath: ".status.completedAt", description: "Time since it was stored." },
    AGE,
    { name: "URI", type: "string", jsonPath: ".status.uri", description: "Where the snapshot is.", priority: 1 },
  ],
  hasStatus: true,
};
