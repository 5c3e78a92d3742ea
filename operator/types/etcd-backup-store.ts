import { AGE } from "./kind.ts";
import type { KindDefinition } from "./kind.ts";
import type { CustomResource } from "./object-meta.ts";
import { referenceTo } from "./reference.ts";
import type { FromSchema, InputOf, Schema } from "./schema.ts";

const RELATIVE_PATH =
  "self == '' || (!self.startsWith('/') && !self.endsWith('/') && self.matches('^[A-Za-z0-9._/=-]+$') && !self.matches('(^|/)[.]{0,2}(/|$)'))";

const S3 = {
  type: "object",
  description: "A bucket of an S3-compatible server.",
  required: ["bucket", "credentialsSecretRef"],
  properties: {
    bucket: {
      type: "string",
      description: "Name of the bucket, which must exist.",
      maxLength: 63,
      "x-kubernetes-validations": [
        {
          rule: "self.matches('^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$') && !self.contains('..') && !self.matches('^[0-9]+[.][0-9]+[.][0-9]+[.][0-9]+$')",
          message:
            "bucket must be a bucket's name: 3 to 63 lower-case letters, digits, '-' and '.'; what follows it in a URL is spec.s3.prefix",
        },
        {
          rule: "self == oldSelf",
          message: "bucket cannot change, or the backups in it would be lost: write another EtcdBackupStore",
        },
      ],
    },
    prefix: {
      type: "string",
      description: "What the keys begin with, such as team-a/production.",
      default: "",
      maxLength: 256,
      "x-kubernetes-validations": [
        {
          rule: RELATIVE_PATH,
          message: "prefix must be a path without '/' at its ends and without '..', such as team-a/production",
        },
        {
          rule: "self == oldSelf",
          message: "prefix cannot change, or the backups below it would be lost: write another EtcdBackupStore",
        },
      ],
    },
    endpoint: {
      type: "string",
      description: "URL of the server; AWS when left out.",
      maxLength: 253,
      "x-kubernetes-validations": [
        {
          rule: "isURL(self) && url(self).getScheme() in ['http', 'https'] && url(self).getHostname() != '' && url(self).getEscapedPath() in ['', '/'] && size(url(self).getQuery()) == 0",
          message:
            "endpoint must be a URL of a server alone, such as https://s3.example.com:9000; the bucket is spec.s3.bucket",
        },
      ],
    },
    region: {
      type: "string",
      description: "Region of the bucket.",
      default: "us-east-1",
      maxLength: 64,
      "x-kubernetes-validations": [
        { rule: "self.matches('^[a-z0-9-]+$')", message: "region must be a name such as us-east-1 or eu-central-1" },
      ],
    },
    forcePathStyle: {
      type: "boolean",
      description:
        "Whether the bucket goes into the path of a URL, not into its host name. Most servers but AWS want that.",
      default: false,
    },
    credentialsSecretRef: referenceTo("The Secret with the keys accessKeyId and secretAccessKey."),
  },
} as const satisfies Schema;

const VOLUME = {
  type: "object",
  description: "A PersistentVolumeClaim, which must exist.",
  required: ["claimName"],
  properties: {
    claimName: {
      type: "string",
      description: "Name of the claim, in the same namespace.",
      maxLength: 253,
      "x-kubernetes-validations": [
        {
          rule: "self.matches('^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$')",
          message: "claimName must be the name of a PersistentVolumeClaim, such as backups",
        },
        {
          rule: "self == oldSelf",
          message: "claimName cannot change, or the backups in it would be lost: write another EtcdBackupStore",
        },
      ],
    },
    path: {
      type: "string",
      description: "Folder within the volume.",
      default: "",
      maxLength: 256,
      "x-kubernetes-validations": [
        {
          rule: RELATIVE_PATH,
          message: "path must be a folder within the volume, without '/' at its ends and without '..', such as etcd",
        },
        {
          rule: "self == oldSelf",
          message: "path cannot change, or the backups in it would be lost: write another EtcdBackupStore",
        },
      ],
    },
  },
} as const satisfies Schema;

/** `EtcdBackupStore.spec`. */
export const ETCD_BACKUP_STORE_SPEC = {
  type: "object",
  description: "Where the backups are: in a bucket or on a volume.",
  properties: { s3: S3, persistentVolumeClaim: VOLUME },
  "x-kubernetes-validations": [
    {
      rule: "has(self.s3) != has(self.persistentVolumeClaim)",
      message: "a store is one place: write either s3 or persistentVolumeClaim",
    },
    {
      rule: "has(self.s3) == has(oldSelf.s3)",
      message:
        "a store cannot move between s3 and persistentVolumeClaim, or its backups would be lost: write another EtcdBackupStore",
    },
  ],
} as const satisfies Schema;

/** Keys of the Secret that `credentialsSecretRef` names. */
export const CREDENTIAL_KEYS = { accessKeyId: "accessKeyId", secretAccessKey: "secretAccessKey" } as const;

/** Where backups are, defaults filled in. */
export type EtcdBackupStoreSpec = FromSchema<typeof ETCD_BACKUP_STORE_SPEC>;

/** Where backups are, as a user writes it. */
export type EtcdBackupStoreSpecInput = InputOf<typeof ETCD_BACKUP_STORE_SPEC>;

/** A place for backups. It has no status: whether it works shows in the backups and in the cluster's BackupReady. */
export type EtcdBackupStore = CustomResource<"EtcdBackupStore", EtcdBackupStoreSpec, never>;

/** The kind as the API server learns it. */
export const ETCD_BACKUP_STORE: KindDefinition = {
  kind: "EtcdBackupStore",
  plural: "etcdbackupstores",
  singular: "etcdbackupstore",
  shortNames: [],
  schema: {
    type: "object",
    description: "A place for backups: a bucket of an S3-compatible server, or a volume.",
    required: ["spec"],
    properties: { spec: ETCD_BACKUP_STORE_SPEC },
  },
  columns: [
    { name: "Bucket", type: "string", jsonPath: ".spec.s3.bucket", description: "The bucket." },
    { name: "Endpoint", type: "string", jsonPath: ".spec.s3.endpoint", description: "The server." },
    { name: "Claim", type: "string", jsonPath: ".spec.persistentVolumeClaim.claimName", description: "The claim." },
    AGE,
  ],
  hasStatus: false,
};
