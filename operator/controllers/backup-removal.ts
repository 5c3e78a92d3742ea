import { isFault } from "../kube/kube-error.ts";
import { backupKind } from "../kube/kvorum-kinds.ts";
import { patchStatus } from "../kube/patch-status.ts";
import { setFinalizer } from "../kube/set-finalizer.ts";
import type { WorkResult } from "../kube/work-queue.ts";
import type { EtcdBackup } from "../types/etcd-backup.ts";
import { EVENT_REASONS } from "../types/event-reason.ts";
import { FINALIZERS } from "../types/names.ts";
import { deletionStep, type DeletionStep } from "./backup-deletion.ts";
import { createBackupJob, deleteBackupJob } from "./backup-jobs.ts";
import { observeDeletion } from "./backup-observation.ts";
import { waitingSince } from "./backup-message.ts";
import type { ControllerWorld } from "./controller-world.ts";

/** Takes the deletion of a backup one step further. */
export async function removeBackup(world: ControllerWorld, backup: EtcdBackup): Promise<WorkResult | undefined> {
  const step = deletionStep(observeDeletion(world, backup));
  return execute(world, backup, step);
}

async function execute(
  world: ControllerWorld,
  backup: EtcdBackup,
  step: DeletionStep,
): Promise<WorkResult | undefined> {
  switch (step.kind) {
    case "None":
      return undefined;
    case "Wait":
      await say(world, backup, step.message);
      return { requeueAfterMs: step.retryMs };
    case "DeleteJob":
      await deleteBackupJob(world, backup, step.purpose);
      return undefined;
    case "CreateJob":
      try {
        await createBackupJob(world, backup, { purpose: "delete", key: step.key });
      } catch (error) {
        // A namespace that goes takes nothing new, and it does not go before the backup does.
        if (!isFault(error, "Forbidden") || !error.message.includes("being terminated")) throw error;
        await release(world, backup, "its namespace is being deleted, so that no Job can be made");
      }
      return undefined;
    case "Release":
      await release(world, backup, step.leftBehind);
      return undefined;
  }
}

async function say({ client, informers, clock }: ControllerWorld, backup: EtcdBackup, message: string): Promise<void> {
  const deleting = waitingSince(backup.status?.message, `being deleted: ${message}`, clock.unixMs());
  await patchStatus(client, backupKind, backup, { ...backup.status, message: deleting }, informers.backups);
}

async function release(
  { client, informers, events, logger }: ControllerWorld,
  backup: EtcdBackup,
  leftBehind: string | undefined,
): Promise<void> {
  if (leftBehind !== undefined) {
    const { uri, key } = backup.status ?? {};
    const note = `${uri ?? key ?? "what it stored"} may be left in EtcdBackupStore ${backup.spec.storeRef.name}, delete it by hand: ${leftBehind}`;
    const { type } = EVENT_REASONS.DeletionBlocked;
    events.emit({ regarding: backup, type, reason: "DeletionBlocked", action: "DeleteBackup", note });
    logger.warn(note, { backup: `${backup.metadata.namespace}/${backup.metadata.name}` });
  }
  const finalizer = { name: FINALIZERS.backup, isWanted: false };
  await setFinalizer(client, backupKind, backup, finalizer, informers.backups);
}
