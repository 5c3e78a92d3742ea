import type { IndexFunction } from "../kube/object-cache.ts";
import type { KubeObject } from "../kube/kube-object.ts";
import { keyText } from "../kube/object-key.ts";
import type { EtcdBackup } from "../types/etcd-backup.ts";
import type { EtcdBackupSchedule } from "../types/etcd-backup-schedule.ts";
import type { EtcdRestore } from "../types/etcd-restore.ts";
import { LABELS } from "../types/names.ts";

/** The index of what names a cluster in its spec, by `namespace/name` of the cluster. */
export const BY_CLUSTER_REF = "clusterRef";
/** The index of what belongs to a backup, or restores it, by `namespace/name` of the backup. */
export const BY_BACKUP = "backup";
/** The index of what a schedule has made, by `namespace/name` of the schedule. */
export const BY_SCHEDULE = "schedule";
/** The index of what names a store in its spec, by `namespace/name` of the store. */
export const BY_STORE = "store";

/** How the Jobs of backups and their pods are found. */
export const JOB_INDEXES = { [BY_BACKUP]: byLabel(LABELS.backup) };

/** How backups are found. */
export const BACKUP_INDEXES = {
  [BY_CLUSTER_REF]: byName<EtcdBackup>(({ spec }) => spec.clusterRef.name),
  [BY_STORE]: byName<EtcdBackup>(({ spec }) => spec.storeRef.name),
  [BY_SCHEDULE]: byLabel(LABELS.schedule),
};

/** How schedules are found. */
export const SCHEDULE_INDEXES = {
  [BY_CLUSTER_REF]: byName<EtcdBackupSchedule>(({ spec }) => spec.clusterRef.name),
  [BY_STORE]: byName<EtcdBackupSchedule>(({ spec }) => spec.storeRef.name),
};

/** How restores are found. */
export const RESTORE_INDEXES = {
  [BY_CLUSTER_REF]: byName<EtcdRestore>(({ spec }) => spec.clusterName),
  [BY_BACKUP]: byName<EtcdRestore>(({ spec }) => spec.source.backupRef?.name),
  [BY_STORE]: byName<EtcdRestore>(({ spec }) => spec.source.snapshot?.storeRef.name),
};

function byLabel(label: string): IndexFunction<KubeObject> {
  return byName(({ metadata }) => metadata.labels?.[label]);
}

function byName<T extends KubeObject>(nameOf: (object: T) => string | undefined): IndexFunction<T> {
  return (object) => {
    const name = nameOf(object);
    return name === undefined ? [] : [keyText({ namespace: object.metadata.namespace ?? "", name })];
  };
}
