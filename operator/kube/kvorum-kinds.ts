import { ETCD_BACKUP_SCHEDULE, type EtcdBackupSchedule } from "../types/etcd-backup-schedule.ts";
import { ETCD_BACKUP_STORE, type EtcdBackupStore } from "../types/etcd-backup-store.ts";
import { ETCD_BACKUP, type EtcdBackup } from "../types/etcd-backup.ts";
import { ETCD_CLUSTER, type EtcdCluster } from "../types/etcd-cluster.ts";
import { ETCD_RESTORE, type EtcdRestore } from "../types/etcd-restore.ts";
import { API_VERSION, type KindDefinition } from "../types/kind.ts";
import type { KubeObject } from "./kube-object.ts";
import { namespacedKind, type ResourceKind } from "./resource-kind.ts";

/** Our own kinds. */
export const clusterKind: ResourceKind<EtcdCluster> = defined(ETCD_CLUSTER);
export const backupKind: ResourceKind<EtcdBackup> = defined(ETCD_BACKUP);
export const backupScheduleKind: ResourceKind<EtcdBackupSchedule> = defined(ETCD_BACKUP_SCHEDULE);
export const backupStoreKind: ResourceKind<EtcdBackupStore> = defined(ETCD_BACKUP_STORE);
export const restoreKind: ResourceKind<EtcdRestore> = defined(ETCD_RESTORE);

function defined<T extends KubeObject>({ kind, plural }: KindDefinition): ResourceKind<T> {
  return namespacedKind<T>(API_VERSION, kind, plural);
}
