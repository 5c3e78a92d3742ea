import { IMAGE } from "./member-image-schema.ts";
import { referenceTo } from "./reference.ts";
import { RESOURCES, SCHEDULING } from "./scheduling-schema.ts";
import type { FromSchema, InputOf, Rule, Schema } from "./schema.ts";
import { SERVER } from "./server-schema.ts";
import { STORAGE } from "./storage-schema.ts";

/** Most members of a cluster. Every write waits for more than half of them, so more members only make it slower. */
export const MAX_REPLICAS = 7;

const DISRUPTION = {
  type: "object",
  description: "What may interrupt members on purpose, such as the drain of a node.",
  default: {},
  properties: {
    podDisruptionBudget: {
      type: "string",
      description:
        "Auto allows evictions only while more than half of the voters stay; a lone member may always be evicted, or its node could never be drained. None makes no budget.",
      enum: ["Auto", "None"],
      default: "Auto",
    },
    unhealthyPodEvictionPolicy: {
      type: "string",
      description: "Whether a pod that is not ready may be evicted even while the budget is used up.",
      enum: ["AlwaysAllow", "IfHealthyBudget"],
      default: "AlwaysAllow",
    },
  },
} as const satisfies Schema;

const BOOTSTRAP = {
  type: "object",
  description: "Where the data of a new cluster come from. It cannot change later.",
  required: ["restore"],
  properties: {
    restore: {
      type: "object",
      description: "Begin with the data of a snapshot. An EtcdRestore writes this for you.",
      required: ["storeRef", "key"],
      properties: {
        storeRef: referenceTo("The EtcdBackupStore that holds the snapshot."),
        key: {
          type: "string",
          description: "Key of the snapshot in the store, below its prefix, or its path below that of the volume.",
          minLength: 1,
          maxLength: 1024,
        },
        sha256: {
          type: "string",
          description: "Checksum that the snapshot must have; unchecked when left out.",
          maxLength: 64,
          "x-kubernetes-validations": [
            {
              rule: "self.matches('^[0-9a-f]{64}$')",
              message: "must be 64 lower-case hex digits, as sha256sum prints",
            },
          ],
        },
      },
    },
  },
} as const satisfies Schema;

const QUOTA_FITS: Rule = {
  rule: "!has(self.server.quotaBackendBytes) || !isQuantity(string(self.server.quotaBackendBytes)) || !isQuantity(string(self.storage.size)) || (quantity(string(self.server.quotaBackendBytes)).isGreaterThan(quantity('0')) && !quantity(string(self.server.quotaBackendBytes)).add(quantity(string(self.server.quotaBackendBytes))).isGreaterThan(quantity(string(self.storage.size))))",
  message:
    "server.quotaBackendBytes must be at most half of storage.size, and more than 0: write less, or a larger storage.size",
  fieldPath: ".server.quotaBackendBytes",
};

const FINAL_BACKUP_HAS_A_STORE: Rule = {
  rule: "self.deletionPolicy != 'SnapshotThenDelete' || has(self.finalBackup)",
  message:
    "deletionPolicy SnapshotThenDelete needs a place for the snapshot: write spec.finalBackup.storeRef.name, or another deletionPolicy",
  fieldPath: ".deletionPolicy",
};

/** What a restore may say about the cluster that it makes: everything but what the restore itself decides. */
export const ETCD_CLUSTER_TEMPLATE = {
  type: "object",
  properties: {
    replicas: {
      type: "integer",
      format: "int32",
      description: "Number of members, 0 to 7. 0 hibernates the cluster: no pods run, data and identity are kept.",
      default: 3,
      "x-kubernetes-validations": [
        {
          rule: `self >= 0 && self <= ${MAX_REPLICAS}`,
          message: "replicas must be 0 to 7: write 1, 3 or 5, or 0 to hibernate the cluster with its data kept",
        },
      ],
    },
    version: {
      type: "string",
      description:
        "Release of Kvorum that the members run, which is the image's tag. The operator's own when left out.",
      maxLength: 64,
      "x-kubernetes-validations": [
        {
          rule: "self.matches('^[0-9]+[.][0-9]+[.][0-9]+(-[0-9A-Za-z.-]+)?$')",
          message: "must be a release of Kvorum such as 0.2.0; leave it out to run the operator's own",
        },
      ],
    },
    image: IMAGE,
    storage: STORAGE,
    server: SERVER,
    resources: RESOURCES,
    scheduling: SCHEDULING,
    disruption: DISRUPTION,
    deletionPolicy: {
      type: "string",
      description:
        "What becomes of the data when this object is deleted: Retain keeps the members' claims, Delete deletes them, SnapshotThenDelete deletes them after a last backup.",
      enum: ["Retain", "Delete", "SnapshotThenDelete"],
      default: "Retain",
    },
    finalBackup: {
      type: "object",
      description: "The last backup that deletionPolicy SnapshotThenDelete takes.",
      required: ["storeRef"],
      properties: { storeRef: referenceTo("The EtcdBackupStore that it goes to.") },
    },
  },
  "x-kubernetes-validations": [QUOTA_FITS, FINAL_BACKUP_HAS_A_STORE],
} as const satisfies Schema;

/** `EtcdCluster.spec`. */
export const ETCD_CLUSTER_SPEC = {
  ...ETCD_CLUSTER_TEMPLATE,
  description: "What the cluster should be.",
  properties: {
    ...ETCD_CLUSTER_TEMPLATE.properties,
    bootstrap: BOOTSTRAP,
    paused: {
      type: "boolean",
      description: "Whether the operator leaves the cluster alone. The status is still kept up to date.",
      default: false,
    },
  },
  "x-kubernetes-validations": [
    QUOTA_FITS,
    FINAL_BACKUP_HAS_A_STORE,
    {
      rule: "has(self.bootstrap) == has(oldSelf.bootstrap) && (!has(self.bootstrap) || self.bootstrap == oldSelf.bootstrap)",
      message: "bootstrap cannot change after the cluster was made: write another EtcdCluster or an EtcdRestore",
      fieldPath: ".bootstrap",
    },
  ],
} as const satisfies Schema;

/** What a cluster should be, defaults filled in. */
export type EtcdClusterSpec = FromSchema<typeof ETCD_CLUSTER_SPEC>;

/** What a cluster should be, as a user writes it. */
export type EtcdClusterSpecInput = InputOf<typeof ETCD_CLUSTER_SPEC>;

/** The part of it that a restore takes as a template. */
export type EtcdClusterTemplate = FromSchema<typeof ETCD_CLUSTER_TEMPLATE>;
