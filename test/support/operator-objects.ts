import type { EtcdRestore, EtcdRestoreSpecInput } from "../../operator/types/etcd-restore.ts";
import { ETCD_RESTORE_SPEC } from "../../operator/types/etcd-restore.ts";
import type { EtcdBackupSchedule, EtcdBackupScheduleSpecInput } from "../../operator/types/etcd-backup-schedule.ts";
import { ETCD_BACKUP_SCHEDULE_SPEC } from "../../operator/types/etcd-backup-schedule.ts";
import type { EtcdBackup, EtcdBackupSpecInput } from "../../operator/types/etcd-backup.ts";
import { ETCD_BACKUP_SPEC } from "../../operator/types/etcd-backup.ts";
import type { EtcdBackupStore, EtcdBackupStoreSpecInput } from "../../operator/types/etcd-backup-store.ts";
import { ETCD_BACKUP_STORE_SPEC } from "../../operator/types/etcd-backup-store.ts";
import type { EtcdCluster } from "../../operator/types/etcd-cluster.ts";
import type { EtcdClusterSpecInput } from "../../operator/types/etcd-cluster-spec.ts";
import { ETCD_CLUSTER_SPEC } from "../../operator/types/etcd-cluster-spec.ts";
import { API_VERSION } from "../../operator/types/kind.ts";
import { withDefaults } from "../../operator/types/schema-defaults.ts";

/** An EtcdCluster as the API server hands it out after somebody wrote that spec. */
export function etcdCluster(spec: EtcdClusterSpecInput = {}, name = "x"): EtcdCluster {
  return {
    apiVersion: API_VERSION,
    kind: "EtcdCluster",
    metadata: { name, namespace: "ns", uid: `uid-of-${name}`, generation: 1 },
    spec: withDefaults(ETCD_CLUSTER_SPEC, spec),
  };
}

/** An EtcdBackup of x to s. */
export function etcdBackup(spec: Partial<EtcdBackupSpecInput> = {}, name = "b"): EtcdBackup {
  return {
    apiVersion: API_VERSION,
    kind: "EtcdBackup",
    metadata: { name, namespace: "ns", uid: `uid-of-${name}`, generation: 1 },
    spec: withDefaults(ETCD_BACKUP_SPEC, { clusterRef: { name: "x" }, storeRef: { name: "s" }, ...spec }),
  };
}

/** An EtcdBackupStore. */
export function etcdBackupStore(spec: EtcdBackupStoreSpecInput, name = "s"): EtcdBackupStore {
  return {
    apiVersion: API_VERSION,
    kind: "EtcdBackupStore",
    metadata: { name, namespace: "ns", uid: `uid-of-${name}`, generation: 1 },
    spec: withDefaults(ETCD_BACKUP_STORE_SPEC, spec),
  };
}

/** A store in a bucket, and one on a volume. */
export const BUCKET: EtcdBackupStoreSpecInput = {
  s3: { bucket: "backups", prefix: "team", endpoint: "http://s3:7070", credentialsSecretRef: { name: "keys" } },
};
export const VOLUME: EtcdBackupStoreSpecInput = { persistentVolumeClaim: { claimName: "backups", path: "etcd" } };

/** An EtcdBackupSchedule of x to s, every hour. */
export function etcdBackupSchedule(spec: Partial<EtcdBackupScheduleSpecInput> = {}, name = "h"): EtcdBackupSchedule {
  return {
    apiVersion: API_VERSION,
    kind: "EtcdBackupSchedule",
    metadata: { name, namespace: "ns", uid: `uid-of-${name}`, generation: 1 },
    spec: withDefaults(ETCD_BACKUP_SCHEDULE_SPEC, {
      clusterRef: { name: "x" },
      storeRef: { name: "s" },
      schedule: "0 * * * *",
      ...spec,
    }),
  };
}

/** An EtcdRestore of b into y. */
export function etcdRestore(spec: Partial<EtcdRestoreSpecInput> = {}, name = "r"): EtcdRestore {
  return {
    apiVersion: API_VERSION,
    kind: "EtcdRestore",
    metadata: { name, namespace: "ns", uid: `uid-of-${name}`, generation: 1 },
    spec: withDefaults(ETCD_RESTORE_SPEC, { source: { backupRef: { name: "b" } }, clusterName: "y", ...spec }),
  };
}
