import { failpoint } from "../config/failpoint.ts";
import { deleteObject } from "../kube/delete-object.ts";
import { isFault } from "../kube/kube-error.ts";
import { backupKind, backupScheduleKind } from "../kube/kvorum-kinds.ts";
import { patchStatus } from "../kube/patch-status.ts";
import type { WorkResult } from "../kube/work-queue.ts";
import { scheduleDecision, type ScheduleDecision } from "../plan/backup-schedule.ts";
import { beyondRetention, nextExpiryMs } from "../plan/retention.ts";
import { scheduledBackup } from "../resources/requested-backup.ts";
import type { EtcdBackupSchedule } from "../types/etcd-backup-schedule.ts";
import { EVENT_REASONS, type EventReason } from "../types/event-reason.ts";
import type { ControllerWorld } from "./controller-world.ts";
import { observeSchedule, retentionOf, type ObservedSchedule } from "./schedule-observation.ts";
import { scheduleStatus } from "./schedule-status.ts";

/** Timers do not reach far: a schedule that is due in a month is looked at meanwhile. */
const LOOK_AGAIN_MS = 3_600_000;
/** A time comes a moment before it has passed. */
const AFTER_MS = 5;

/** Begins the backups of each schedule when they are due, one at a time, and deletes those beyond its retention. */
export class EtcdBackupScheduleController {
  readonly #world: ControllerWorld;

  constructor(world: ControllerWorld) {
    this.#world = world;
  }

  /** Does for the schedule with that key (`namespace/name`) what is due. */
  async reconcile(key: string): Promise<WorkResult | undefined> {
    const { client, informers } = this.#world;
    const schedule = informers.schedules.get(key);
    if (!schedule || schedule.metadata.deletionTimestamp !== undefined) return undefined;
    const observed = observeSchedule(this.#world, schedule);
    const decision = decide(observed);
    if (decision.beginMs !== undefined) await this.#begin(schedule, decision.beginMs);
    // Once more: the backup that has just been made is active.
    const status = scheduleStatus({ ...observeSchedule(this.#world, schedule), times: observed.times }, decision);
    const written = await patchStatus(client, backupScheduleKind, schedule, status, informers.schedules);
    for (const { note } of decision.skips) this.#emit(written, "BackupSkipped", note);
    await this.#retain(written, observed);
    return { requeueAfterMs: untilNextMs(observed) };
  }

  async #begin(schedule: EtcdBackupSchedule, timeMs: number): Promise<void> {
    const { client, informers } = this.#world;
    const wanted = scheduledBackup(schedule, timeMs);
    try {
      informers.backups.remember(await client.create(backupKind, wanted));
    } catch (error) {
      // Made before a crash, or by another operator: one is enough.
      if (!isFault(error, "AlreadyExists")) throw error;
      const { namespace, name } = wanted.metadata;
      const there = await client.find(backupKind, { namespace, name });
      if (there) informers.backups.remember(there);
    }
    await failpoint("after-create-backup");
  }

  async #retain(schedule: EtcdBackupSchedule, { ended, backups, nowMs }: ObservedSchedule): Promise<void> {
    const retention = retentionOf(schedule);
    if (!retention) return;
    const { client } = this.#world;
    for (const { name } of beyondRetention(ended, retention, nowMs)) {
      const backup = backups.find(({ metadata }) => metadata.name === name);
      if (!backup) continue;
      await failpoint("before-delete-backup");
      await deleteObject(client, backupKind, backup, "unchanged");
      this.#emit(schedule, "BackupDeleted", `${name} is deleted: it is beyond spec.retention`);
    }
  }

  #emit(regarding: EtcdBackupSchedule, reason: EventReason, note: string): void {
    const { type } = EVENT_REASONS[reason];
    this.#world.events.emit({ regarding, type, reason, action: "KeepSchedule", note });
  }
}

function decide({
  nowMs,
  schedule,
  times,
  isImmediate,
  begunMs,
  active,
  obstacle,
}: ObservedSchedule): ScheduleDecision {
  const { startingDeadlineSeconds } = schedule.spec;
  return scheduleDecision({
    nowMs,
    dueMs: times?.kind === "Times" ? times.dueMs : [],
    begunMs,
    startingDeadlineMs: startingDeadlineSeconds === undefined ? undefined : startingDeadlineSeconds * 1000,
    active,
    obstacle: isImmediate ? undefined : obstacle?.message,
  });
}

function untilNextMs({ nowMs, schedule, times, ended }: ObservedSchedule): number {
  const retention = retentionOf(schedule);
  const moments = [
    nowMs + LOOK_AGAIN_MS,
    ...(times?.kind === "Times" ? [times.nextMs] : []),
    ...(retention ? [nextExpiryMs(ended, retention, nowMs) ?? Infinity] : []),
  ];
  return Math.min(...moments) - nowMs + AFTER_MS;
}
