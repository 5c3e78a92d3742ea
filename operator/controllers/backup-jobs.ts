import { deleteObject } from "../kube/delete-object.ts";
import { jobKind } from "../kube/kinds.ts";
import { isFault } from "../kube/kube-error.ts";
import { keyText } from "../kube/object-key.ts";
import type { BackupTask } from "../resources/backup-commands.ts";
import { backupJob } from "../resources/backup-job.ts";
import type { EtcdBackup } from "../types/etcd-backup.ts";
import type { BackupJobPurpose } from "../types/names.ts";
import { isJobOf, jobOf, storeOf } from "./backup-observation.ts";
import type { ControllerWorld } from "./controller-world.ts";

/** Makes a Job of a backup; one that was made before a crash is taken as it is. */
export async function createBackupJob(world: ControllerWorld, backup: EtcdBackup, task: BackupTask): Promise<void> {
  const { client, informers, platform } = world;
  const { namespace } = backup.metadata;
  const store = storeOf(world, backup);
  if (!store) throw new Error(`there is no EtcdBackupStore ${backup.spec.storeRef.name} any more`);
  const cluster = informers.clusters.get(keyText({ namespace, name: backup.spec.clusterRef.name }))?.spec;
  const wanted = backupJob({ backup, store, task, ...(cluster && { cluster }) }, platform);
  try {
    informers.jobs.remember(await client.create(jobKind, wanted));
  } catch (error) {
    if (!isFault(error, "AlreadyExists")) throw error;
    const { name } = wanted.metadata;
    const there = await client.find(jobKind, { namespace, name });
    if (there && isJobOf(there, backup)) informers.jobs.remember(there);
    else throw new Error(`there is a Job ${name} already that is not of this backup: delete it`, { cause: error });
  }
}

/** Deletes a Job of a backup; its pods end first, so that nothing writes any more when it is gone. */
export async function deleteBackupJob(
  world: ControllerWorld,
  backup: EtcdBackup,
  purpose: BackupJobPurpose,
): Promise<void> {
  const job = jobOf(world, backup, purpose);
  if (job) await deleteObject(world.client, jobKind, job, "same-object", { propagation: "Foreground" });
}
