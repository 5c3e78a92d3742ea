import { failpoint } from "../config/failpoint.ts";
import { isFault } from "../kube/kube-error.ts";
import { backupKind } from "../kube/kvorum-kinds.ts";
import { patchStatus } from "../kube/patch-status.ts";
import { setFinalizer } from "../kube/set-finalizer.ts";
import type { WorkResult } from "../kube/work-queue.ts";
import type { EtcdBackup, EtcdBackupStatus } from "../types/etcd-backup.ts";
import { EVENT_REASONS, type EventReason } from "../types/event-reason.ts";
import { backupJobName, FINALIZERS } from "../types/names.ts";
import { backupStep, type BackupStep } from "./backup-decision.ts";
import { createBackupJob, deleteBackupJob } from "./backup-jobs.ts";
import { observeBackup } from "./backup-observation.ts";
import { removeBackup } from "./backup-removal.ts";
import {
  failedStatus,
  latchedStatus,
  lostStatus,
  pendingStatus,
  runningStatus,
  storedStatus,
} from "./backup-status.ts";
import type { ControllerWorld } from "./controller-world.ts";

/** What a backup waits for usually changes with an event; this is for what does not. */
const LOOK_AGAIN_MS = 30_000;

/** Takes each backup once: from a healthy follower, in a Job, and writes down what came of it. */
export class EtcdBackupController {
  readonly #world: ControllerWorld;

  constructor(world: ControllerWorld) {
    this.#world = world;
  }

  /** Takes the backup with that key (`namespace/name`) one step further. */
  async reconcile(key: string): Promise<WorkResult | undefined> {
    const { client, informers } = this.#world;
    const known = informers.backups.get(key);
    if (!known) return undefined;
    if (known.metadata.deletionTimestamp !== undefined) return removeBackup(this.#world, known);
    const finalizer = { name: FINALIZERS.backup, isWanted: known.spec.deletionPolicy === "Delete" };
    const backup = await setFinalizer(client, backupKind, known, finalizer, informers.backups);
    return this.#execute(backup, backupStep(observeBackup(this.#world, backup)));
  }

  async #execute(backup: EtcdBackup, step: BackupStep): Promise<WorkResult | undefined> {
    const nowMs = this.#world.clock.unixMs();
    const { name } = backup.metadata;
    switch (step.kind) {
      case "None":
        return step.retryMs === undefined ? undefined : { requeueAfterMs: step.retryMs };
      case "Wait":
        await this.#write(backup, pendingStatus(backup, step, nowMs));
        return { requeueAfterMs: LOOK_AGAIN_MS };
      case "Latch":
        await this.#write(backup, latchedStatus(backup, step.latch, nowMs));
        return undefined;
      case "CreateJob":
        return this.#createJob(backup, step);
      case "Follow": {
        const written = await this.#write(
          backup,
          runningStatus(backup, backupJobName(name, "upload"), step.trouble, nowMs),
        );
        if (backup.status?.phase !== "Running") this.#emit(written, "BackupStarted", written.status?.message ?? "");
        return { requeueAfterMs: LOOK_AGAIN_MS };
      }
      case "DeleteJob":
        await deleteBackupJob(this.#world, backup, "upload");
        return undefined;
      case "Repeat":
        await this.#write(backup, lostStatus(backup, step.message, nowMs));
        return undefined;
      case "Record": {
        const written = await this.#write(backup, storedStatus(backup, step.result, nowMs));
        await failpoint("after-record-backup");
        const { uri = "", sha256 = "", revision = 0 } = written.status ?? {};
        this.#emit(written, "BackupCompleted", `revision ${String(revision)} is stored as ${uri}`);
        this.#emit(written, "BackupVerified", `${uri} was read back and is intact, SHA-256 ${sha256}`);
        return undefined;
      }
      case "Fail": {
        const written = await this.#write(backup, failedStatus(backup, step, nowMs));
        await failpoint("after-record-backup");
        this.#emit(written, "BackupFailed", step.message);
        return undefined;
      }
    }
  }

  async #createJob(
    backup: EtcdBackup,
    { key, clusterUid, clusterId, endpoints }: Extract<BackupStep, { readonly kind: "CreateJob" }>,
  ): Promise<WorkResult | undefined> {
    const { name } = backup.metadata;
    try {
      const endpoint = endpoints.join(",");
      const task = { purpose: "upload", key, endpoint, backup: name, clusterUid, clusterId } as const;
      await createBackupJob(this.#world, backup, task);
    } catch (error) {
      // A quota, or an admission policy: a person has to know.
      if (!isFault(error, "Forbidden", "Invalid")) throw error;
      const refused = { reason: "JobRefused", message: `its Job cannot be made: ${error.message}` };
      await this.#write(backup, pendingStatus(backup, refused, this.#world.clock.unixMs()));
      return { requeueAfterMs: LOOK_AGAIN_MS };
    }
    await failpoint("after-create-backup-job");
    return undefined;
  }

  #write(backup: EtcdBackup, status: EtcdBackupStatus): Promise<EtcdBackup> {
    const { client, informers } = this.#world;
    return patchStatus(client, backupKind, backup, status, informers.backups);
  }

  #emit(regarding: EtcdBackup, reason: EventReason, note: string): void {
    const { type } = EVENT_REASONS[reason];
    this.#world.events.emit({ regarding, type, reason, action: "TakeBackup", note });
  }
}
