import { keyOf, keyText } from "../kube/object-key.ts";
import { lookFromMs } from "../plan/backup-schedule.ts";
import type { EndedBackup } from "../plan/retention.ts";
import { findCondition } from "../types/condition.ts";
import { durationMs } from "../types/duration.ts";
import type { EtcdBackup } from "../types/etcd-backup.ts";
import type { EtcdBackupSchedule } from "../types/etcd-backup-schedule.ts";
import { ANNOTATIONS } from "../types/names.ts";
import { BY_BACKUP, BY_SCHEDULE } from "./backup-indexes.ts";
import type { ControllerWorld } from "./controller-world.ts";
import { scheduleTimes, type ScheduleTimes } from "./schedule-times.ts";

/** What is known of a schedule and its backups. */
export interface ObservedSchedule {
  readonly nowMs: number;
  readonly schedule: EtcdBackupSchedule;
  /** Undefined while it is suspended: then no time counts. */
  readonly times: ScheduleTimes | undefined;
  /** Whether its first backup is wanted at once. It waits for a cluster and a store that are still to be made. */
  readonly isImmediate: boolean;
  readonly begunMs: readonly number[];
  /** Backups that have not ended, oldest first. */
  readonly active: readonly string[];
  readonly ended: readonly EndedBackup[];
  readonly backups: readonly EtcdBackup[];
  readonly obstacle: { readonly reason: string; readonly message: string } | undefined;
}

/** Looks at a schedule, the times that have come and the backups that it has made, from the caches. */
export function observeSchedule(world: ControllerWorld, schedule: EtcdBackupSchedule): ObservedSchedule {
  const { informers, clock } = world;
  const nowMs = clock.unixMs();
  // Those of another cluster are of the time before somebody changed the schedule, and none of its business now.
  const backups = informers.backups
    .byIndex(BY_SCHEDULE, keyOf(schedule))
    .filter(({ spec }) => spec.clusterRef.name === schedule.spec.clusterRef.name)
    .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const { spec, status } = schedule;
  const isImmediate =
    spec.immediate && status?.nextScheduleTime === undefined && status?.lastScheduleTime === undefined;
  return {
    nowMs,
    schedule,
    times: spec.suspend ? undefined : timesOf(schedule, isImmediate, nowMs),
    isImmediate,
    begunMs: backups.flatMap(scheduledForMs),
    active: backups
      .filter((backup) => backup.metadata.deletionTimestamp === undefined && outcomeOf(backup) === undefined)
      .map(({ metadata }) => metadata.name),
    ended: backups.flatMap((backup) => endedOf(world, backup)),
    backups,
    obstacle: obstacleOf(world, schedule),
  };
}

function timesOf({ metadata, spec, status }: EtcdBackupSchedule, isImmediate: boolean, nowMs: number): ScheduleTimes {
  const createdMs = Date.parse(metadata.creationTimestamp ?? "");
  const seen =
    status === undefined ? "Never" : status.observedGeneration === metadata.generation ? "Current" : "Before";
  const nextMs = status?.nextScheduleTime === undefined ? undefined : Date.parse(status.nextScheduleTime);
  const times = scheduleTimes(spec, lookFromMs({ nowMs, createdMs, seen, nextMs }), nowMs);
  if (times.kind === "Invalid" || !isImmediate) return times;
  // Named by when the schedule was made: whoever sees it first, it is one backup.
  return { ...times, dueMs: [createdMs, ...times.dueMs] };
}

function scheduledForMs({ metadata }: EtcdBackup): readonly number[] {
  const text = metadata.annotations?.[ANNOTATIONS.scheduledFor];
  const time = Date.parse(text ?? "");
  return Number.isNaN(time) ? [] : [time];
}

/** How a backup ended; undefined while it has not. */
export function outcomeOf({ status }: EtcdBackup): EndedBackup["outcome"] | undefined {
  switch (status?.phase) {
    case "Completed":
    case "Verified":
    case "Failed":
      return status.phase;
    case "Pending":
    case "Running":
    case undefined:
      return undefined;
  }
}

function endedOf({ informers }: ControllerWorld, backup: EtcdBackup): readonly EndedBackup[] {
  const outcome = outcomeOf(backup);
  const { metadata, status } = backup;
  if (outcome === undefined || metadata.deletionTimestamp !== undefined) return [];
  const failedAt = findCondition(status?.conditions, "Failed")?.lastTransitionTime;
  const ended = outcome === "Failed" ? failedAt : status?.completedAt;
  const isInUse = informers.restores
    .byIndex(BY_BACKUP, keyOf(backup))
    .some((restore) => restore.status?.phase !== "Completed" && restore.status?.phase !== "Failed");
  return [{ name: metadata.name, outcome, endedMs: Date.parse(ended ?? metadata.creationTimestamp ?? ""), isInUse }];
}

function obstacleOf(
  { informers }: ControllerWorld,
  { metadata: { namespace }, spec }: EtcdBackupSchedule,
): ObservedSchedule["obstacle"] {
  const { clusterRef, storeRef } = spec;
  const cluster = informers.clusters.get(keyText({ namespace, name: clusterRef.name }));
  if (!cluster || cluster.metadata.deletionTimestamp !== undefined) {
    const message = `there is no EtcdCluster ${clusterRef.name} in namespace ${namespace}`;
    return { reason: "ClusterNotFound", message };
  }
  if (informers.stores.get(keyText({ namespace, name: storeRef.name }))) return undefined;
  return { reason: "StoreNotFound", message: `there is no EtcdBackupStore ${storeRef.name} in namespace ${namespace}` };
}

/** The bounds of a schedule's retention; undefined: everything is kept. */
export function retentionOf({ spec }: EtcdBackupSchedule): { keepLast?: number; maxAgeMs?: number } | undefined {
  if (!spec.retention) return undefined;
  const { keepLast, maxAge } = spec.retention;
  const maxAgeMs = maxAge === undefined ? undefined : durationMs(maxAge);
  return { ...(keepLast !== undefined && { keepLast }), ...(maxAgeMs !== undefined && { maxAgeMs }) };
}
