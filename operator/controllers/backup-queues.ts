import { keyOf } from "../kube/object-key.ts";
import type { WorkQueue } from "../kube/work-queue.ts";
import { BY_BACKUP, BY_CLUSTER_REF, BY_SCHEDULE, BY_STORE } from "./backup-indexes.ts";
import { BY_CLUSTER, type Informers } from "./informers.ts";
import { outcomeOf } from "./schedule-observation.ts";

/** The queues that changes of backups end up in. */
export interface BackupQueues {
  readonly clusters: WorkQueue;
  readonly backups: WorkQueue;
  readonly schedules: WorkQueue;
  readonly restores: WorkQueue;
}

/** Tells each queue of the objects that a change of another one may matter to. */
export function feedBackupQueues(informers: Informers, { clusters, backups, schedules, restores }: BackupQueues): void {
  const restoresOf = (index: string, key: string): void => {
    for (const restore of informers.restores.byIndex(index, key)) restores.add(keyOf(restore));
  };
  const dependentsOf = (index: string, key: string): void => {
    for (const backup of informers.backups.byIndex(index, key))
      // One that has ended depends on nothing any more, but for its deletion.
      if (outcomeOf(backup) === undefined || backup.metadata.deletionTimestamp !== undefined)
        backups.add(keyOf(backup));
    for (const schedule of informers.schedules.byIndex(index, key)) schedules.add(keyOf(schedule));
    restoresOf(index, key);
  };
  informers.backups.onChange((key) => {
    backups.add(key);
    restoresOf(BY_BACKUP, key);
  });
  informers.backups.onIndexChange(BY_SCHEDULE, (key) => schedules.add(key));
  informers.backups.onIndexChange(BY_CLUSTER_REF, (key) => clusters.add(key));
  informers.jobs.onIndexChange(BY_BACKUP, (key) => backups.add(key));
  informers.pods.onIndexChange(BY_BACKUP, (key) => backups.add(key));
  informers.pods.onIndexChange(BY_CLUSTER, (key) => restoresOf(BY_CLUSTER_REF, key));
  informers.schedules.onChange((key) => schedules.add(key));
  informers.schedules.onIndexChange(BY_CLUSTER_REF, (key) => clusters.add(key));
  informers.restores.onChange((key) => restores.add(key));
  informers.clusters.onChange((key) => dependentsOf(BY_CLUSTER_REF, key));
  informers.stores.onChange((key) => dependentsOf(BY_STORE, key));
}
