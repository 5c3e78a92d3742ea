import { CREDENTIAL_KEYS } from "../types/etcd-backup-store.ts";
import type { EtcdBackupStore } from "../types/etcd-backup-store.ts";
import type { EnvVar, Volume, VolumeMount } from "./kubernetes-objects.ts";

/** Where a store's volume is mounted in a pod. */
const MOUNT_PATH = "/var/lib/kvorum-backups";
const VOLUME_NAME = "backups";

/** How a pod reaches a store. */
export interface StoreAccess {
  /** What a backup command is told about it. */
  readonly args: readonly string[];
  readonly env: readonly EnvVar[];
  readonly volumes: readonly Volume[];
  readonly volumeMounts: readonly VolumeMount[];
}

/**
 * What a pod needs in order to reach a store. Credentials are never in the pod's spec: kubelet reads the Secret, so the
 * operator needs no right to read it.
 */
export function storeAccess(
  { spec: { s3, persistentVolumeClaim } }: EtcdBackupStore,
  use: "Read" | "Write",
): StoreAccess {
  if (s3) {
    return {
      args: [
        `--store=s3://${[s3.bucket, s3.prefix].filter((part) => part !== "").join("/")}`,
        `--s3-region=${s3.region}`,
        ...(s3.endpoint === undefined ? [] : [`--s3-endpoint=${s3.endpoint}`]),
        ...(s3.forcePathStyle ? ["--s3-force-path-style"] : []),
      ],
      env: [
        secretEnv("AWS_ACCESS_KEY_ID", s3.credentialsSecretRef.name, CREDENTIAL_KEYS.accessKeyId),
        secretEnv("AWS_SECRET_ACCESS_KEY", s3.credentialsSecretRef.name, CREDENTIAL_KEYS.secretAccessKey),
      ],
      volumes: [],
      volumeMounts: [],
    };
  }
  if (!persistentVolumeClaim) throw new Error("invariant violated: a store has s3 or persistentVolumeClaim");
  const { claimName, path } = persistentVolumeClaim;
  const readOnly = use === "Read" ? { readOnly: true as const } : {};
  return {
    args: [`--store=file://${[MOUNT_PATH, path].filter((part) => part !== "").join("/")}`],
    env: [],
    volumes: [{ name: VOLUME_NAME, persistentVolumeClaim: { claimName, ...readOnly } }],
    volumeMounts: [{ name: VOLUME_NAME, mountPath: MOUNT_PATH, ...readOnly }],
  };
}

function secretEnv(name: string, secret: string, key: string): EnvVar {
  return { name, valueFrom: { secretKeyRef: { name: secret, key } } };
}
