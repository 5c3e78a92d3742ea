import { DURATION, DURATION_PATTERN } from "./duration.ts";
import { QUANTITY } from "./quantity.ts";
import { referenceTo } from "./reference.ts";
import { RESOURCES, SCHEDULING } from "./scheduling.ts";
import type { FromSchema, InputOf, Rule, Schema } from "./schema.ts";
import { EXTRA_ARGS } from "./server-flags.ts";

/** Most members of a cluster. Every write waits for more than half of them, so more members only make it slower. */
export const MAX_REPLICAS = 7;

const IMAGE = {
  type: "object",
  description: "Image of the members; the operator's own when left out.",
  default: {},
  properties: {
    repository: {
      type: "string",
      description: "Repository without tag, such as registry.example.com/kvorum. The operator's own when left out.",
      minLength: 1,
      maxLength: 255,
      "x-kubernetes-validations": [
        {
          rule: "!self.contains('@') && self.matches('^[a-zA-Z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)*$') && !self.matches('^[^/]*:[0-9]+$')",
          message: "must be a repository alone: write the tag as spec.version and the digest as spec.image.digest",
        },
      ],
    },
    digest: {
      type: "string",
      description: "Exact image, whatever the tag says: sha256: and 64 hex digits.",
      maxLength: 71,
      "x-kubernetes-validations": [
        {
          rule: "self.matches('^sha256:[0-9a-f]{64}$')",
          message: "must be sha256: and 64 lower-case hex digits, as `docker images --digests` prints it",
        },
      ],
    },
    pullPolicy: {
      type: "string",
      description: "When a node pulls the image.",
      enum: ["IfNotPresent", "Always", "Never"],
      default: "IfNotPresent",
    },
    pullSecrets: {
      type: "array",
      description: "Secrets with which the image is pulled.",
      maxItems: 8,
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["name"],
      items: {
        type: "object",
        required: ["name"],
        properties: { name: { type: "string", description: "Name of the Secret.", minLength: 1, maxLength: 253 } },
      },
    },
  },
} as const satisfies Schema;

const STORAGE = {
  type: "object",
  description: "The volume of each member.",
  default: {},
  properties: {
    size: {
      ...QUANTITY,
      description: "Size of the volume. It may grow later, if the StorageClass lets it, and never shrink.",
      default: "10Gi",
      "x-kubernetes-validations": [
        {
          rule: "isQuantity(string(self)) && !quantity(string(self)).isLessThan(quantity('256Mi'))",
          message: "storage.size must be a quantity of at least 256Mi, such as 10Gi: the log alone takes 128Mi",
        },
        {
          rule: "!isQuantity(string(self)) || !isQuantity(string(oldSelf)) || !quantity(string(self)).isLessThan(quantity(string(oldSelf)))",
          message:
            "storage.size must not shrink: volumes cannot. Write the former size or more, or restore a backup into a smaller cluster",
        },
      ],
    },
    storageClassName: {
      type: "string",
      description: "StorageClass of the volumes; the default class when left out.",
      maxLength: 253,
    },
  },
  "x-kubernetes-validations": [
    {
      rule: "(has(self.storageClassName) ? self.storageClassName : '') == (has(oldSelf.storageClassName) ? oldSelf.storageClassName : '')",
      message:
        "storage.storageClassName cannot change: write the former one, or restore a backup into a cluster with another class",
      fieldPath: ".storageClassName",
    },
  ],
} as const satisfies Schema;

const AUTO_COMPACTION = {
  type: "object",
  description: "What history to keep. Without it all history is kept until a client compacts (kube-apiserver does).",
  required: ["retention"],
  properties: {
    mode: {
      type: "string",
      description: "Whether history is measured as a time or as a number of revisions.",
      enum: ["Periodic", "Revision"],
      default: "Periodic",
    },
    retention: {
      type: "string",
      description: "What to keep: a duration such as 1h with mode Periodic, a number of revisions with mode Revision.",
      maxLength: 32,
    },
  },
  "x-kubernetes-validations": [
    {
      rule: `self.mode != 'Periodic' || self.retention.matches('${DURATION_PATTERN}')`,
      message: "autoCompaction.retention must be a duration such as 30m or 1h with mode Periodic",
      fieldPath: ".retention",
    },
    {
      rule: "self.mode != 'Revision' || self.retention.matches('^[1-9][0-9]{0,14}$')",
      message: "autoCompaction.retention must be a number of revisions such as 10000 with mode Revision",
      fieldPath: ".retention",
    },
  ],
} as const satisfies Schema;

const isDuration = (field: string): string => `self.${field}.matches('${DURATION_PATTERN}')`;
const fiveTimes = (value: string): string => Array.from({ length: 5 }, () => value).join(" + ");

const SERVER = {
  type: "object",
  description: "How the server runs.",
  default: {},
  properties: {
    quotaBackendBytes: {
      ...QUANTITY,
      description:
        "Size of the data at which writes are refused, at most half of storage.size: a member that catches up holds the old data and the new for a while. Half of storage.size, and at most 8Gi, when left out.",
    },
    autoCompaction: AUTO_COMPACTION,
    snapshotCount: {
      type: "integer",
      format: "int64",
      description: "Applied entries after which the log is covered by a new snapshot; 10000 when left out.",
      "x-kubernetes-validations": [
        { rule: "self >= 100 && self <= 10000000", message: "snapshotCount must be 100 to 10000000; 10000 suits most" },
      ],
    },
    heartbeatInterval: {
      ...DURATION,
      description: "Time between two heartbeats of the leader: about one round trip between members.",
      default: "100ms",
    },
    electionTimeout: {
      ...DURATION,
      description: "Time without a leader before an election: ten round trips between members, at most 50s.",
      default: "1s",
    },
    extraArgs: EXTRA_ARGS,
  },
  "x-kubernetes-validations": [
    {
      rule: `!${isDuration("heartbeatInterval")} || (duration(self.heartbeatInterval) >= duration('10ms') && duration(self.heartbeatInterval) <= duration('5s'))`,
      message: "heartbeatInterval must be 10ms to 5s: write about one round trip between members, such as 100ms",
      fieldPath: ".heartbeatInterval",
    },
    {
      rule: `!${isDuration("heartbeatInterval")} || !${isDuration("electionTimeout")} || (duration(self.electionTimeout) >= ${fiveTimes("duration(self.heartbeatInterval)")} && duration(self.electionTimeout) <= duration('50s'))`,
      message:
        "electionTimeout must be at least 5 times heartbeatInterval and at most 50s: write 10 times heartbeatInterval",
      fieldPath: ".electionTimeout",
    },
  ],
} as const satisfies Schema;

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
          description: "Key of the snapshot within the store's bucket, or its path within the volume.",
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
