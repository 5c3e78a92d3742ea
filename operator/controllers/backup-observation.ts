import { keyOf, keyText } from "../kube/object-key.ts";
import type { EtcdBackup } from "../types/etcd-backup.ts";
import type { EtcdBackupStore } from "../types/etcd-backup-store.ts";
import { backupJobName, type BackupJobPurpose } from "../types/names.ts";
import type { BackupObservation } from "./backup-decision.ts";
import type { DeletionObservation } from "./backup-deletion.ts";
import { BY_BACKUP } from "./backup-indexes.ts";
import { jobOutcome, type JobOutcome, type StoredJob } from "./backup-job-outcome.ts";
import { backupSource } from "./backup-source.ts";
import type { ControllerWorld } from "./controller-world.ts";

type Caches = Pick<ControllerWorld, "informers" | "clock">;

/** Everything that a decision about a backup rests on, from the caches. */
export function observeBackup(world: Caches, backup: EtcdBackup): BackupObservation {
  const { name } = backup.spec.clusterRef;
  return {
    nowMs: world.clock.unixMs(),
    backup,
    source: backupSource(name, world.informers.clusters.get(keyText({ namespace: backup.metadata.namespace, name }))),
    hasStore: storeOf(world, backup) !== undefined,
    upload: outcomeOf(world, backup, "upload"),
  };
}

/** Everything that a decision about the deletion of a backup rests on. */
export function observeDeletion(world: Caches, backup: EtcdBackup): DeletionObservation {
  const upload = backupJobName(backup.metadata.name, "upload");
  return {
    nowMs: world.clock.unixMs(),
    backup,
    hasStore: storeOf(world, backup) !== undefined,
    upload: outcomeOf(world, backup, "upload"),
    uploads: world.informers.pods
      .byIndex(BY_BACKUP, keyOf(backup))
      .some(
        ({ metadata, status }) =>
          metadata.ownerReferences?.some(({ kind, name }) => kind === "Job" && name === upload) &&
          status?.phase !== "Succeeded" &&
          status?.phase !== "Failed",
      ),
    deletion: outcomeOf(world, backup, "delete"),
  };
}

/** The store that a backup goes to. */
export function storeOf({ informers }: Caches, { metadata, spec }: EtcdBackup): EtcdBackupStore | undefined {
  return informers.stores.get(keyText({ namespace: metadata.namespace, name: spec.storeRef.name }));
}

/** A Job of this very backup; one of an earlier backup of that name is about to be collected, and none of its. */
export function jobOf({ informers }: Caches, backup: EtcdBackup, purpose: BackupJobPurpose): StoredJob | undefined {
  const { name, namespace } = backup.metadata;
  const job = informers.jobs.get(keyText({ namespace, name: backupJobName(name, purpose) }));
  return job && isJobOf(job, backup) ? job : undefined;
}

/** Whether a Job belongs to that backup. */
export function isJobOf(job: StoredJob, { metadata: { uid } }: EtcdBackup): boolean {
  return job.metadata.ownerReferences?.some((owner) => owner.uid === uid) ?? false;
}

function outcomeOf(world: Caches, backup: EtcdBackup, purpose: BackupJobPurpose): JobOutcome {
  const pods = world.informers.pods.byIndex(BY_BACKUP, keyOf(backup));
  return jobOutcome(jobOf(world, backup, purpose), pods, world.clock.unixMs());
}
