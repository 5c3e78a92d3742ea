import { findCondition, type ConditionUpdate } from "../types/condition.ts";
import type { ClusterReason } from "../types/condition-reason.ts";
import type { EtcdBackup } from "../types/etcd-backup.ts";
import type { EtcdBackupSchedule } from "../types/etcd-backup-schedule.ts";
import type { EtcdClusterStatus } from "../types/etcd-cluster-status.ts";

/** The newest backup that succeeded, as `status.lastBackup` has it. */
export type LastBackup = NonNullable<EtcdClusterStatus["lastBackup"]>;

/** What is known of a cluster's backups. */
export interface BackupsOfCluster {
  /** Backups of an earlier cluster of that name are not this one's. */
  readonly clusterUid: string;
  /** All that name the cluster, in whatever state. */
  readonly backups: readonly EtcdBackup[];
  readonly schedules: readonly EtcdBackupSchedule[];
  /** `status.lastBackup` so far: the object of a backup may be gone while its snapshot is not. */
  readonly lastBackup: LastBackup | undefined;
}

/** What a cluster's status says about its backups. */
export interface BackupReadiness {
  readonly condition: ConditionUpdate<"BackupReady"> & { readonly reason: ClusterReason };
  readonly lastBackup: LastBackup | undefined;
}

/**
 * Whether backups of a cluster work, by how the last one ended; one that still tries and cannot reach its store counts,
 * too. It says nothing about the cluster itself, which serves without backups.
 */
export function backupReadiness({ clusterUid, backups, schedules, lastBackup }: BackupsOfCluster): BackupReadiness {
  const own = backups.filter(({ status }) => status?.clusterUID === undefined || status.clusterUID === clusterUid);
  const success = newest(own.flatMap(successOf));
  const failure = newest(own.flatMap(failureOf));
  const last = laterOf(success?.lastBackup, lastBackup);
  if (failure && !(last && Date.parse(last.time) > failure.atMs)) {
    return { condition: notReady(failure.reason, failure.message), lastBackup: last };
  }
  if (!last) return { condition: notReady("NoBackupYet", nothingYet(schedules)), lastBackup: undefined };
  const message = `${last.name} holds revision ${String(last.revision)} and was complete at ${last.time}`;
  return { condition: { type: "BackupReady", status: "True", reason: "BackupSucceeded", message }, lastBackup: last };
}

function notReady(reason: ClusterReason, message: string): BackupReadiness["condition"] {
  return { type: "BackupReady", status: "False", reason, message };
}

function nothingYet(schedules: readonly EtcdBackupSchedule[]): string {
  const none = "no backup was taken yet";
  const ill = schedules.find(({ status }) => findCondition(status?.conditions, "Ready")?.status === "False");
  if (ill) {
    const { message = "" } = findCondition(ill.status?.conditions, "Ready") ?? {};
    return `${none}; EtcdBackupSchedule ${ill.metadata.name}: ${message}`;
  }
  const [next] = schedules
    .flatMap(({ metadata: { name }, status }) =>
      status?.nextScheduleTime === undefined ? [] : [{ name, time: status.nextScheduleTime }],
    )
    .toSorted((a, b) => Date.parse(a.time) - Date.parse(b.time));
  if (next) return `${none}; EtcdBackupSchedule ${next.name} takes the first one at ${next.time}`;
  return `${none}: write an EtcdBackupSchedule or an EtcdBackup`;
}

function successOf({ metadata: { name }, status }: EtcdBackup): readonly { atMs: number; lastBackup: LastBackup }[] {
  const { phase, completedAt, revision } = status ?? {};
  if ((phase !== "Completed" && phase !== "Verified") || completedAt === undefined || revision === undefined) return [];
  return [{ atMs: Date.parse(completedAt), lastBackup: { name, revision, time: completedAt } }];
}

interface Failure {
  readonly atMs: number;
  readonly reason: ClusterReason;
  readonly message: string;
}

function failureOf({ metadata: { name }, status }: EtcdBackup): readonly Failure[] {
  const failed = findCondition(status?.conditions, "Failed");
  if (!failed) return [];
  const { reason, message, lastTransitionTime } = failed;
  if (status?.phase === "Failed" && failed.status === "True")
    return [{ atMs: Date.parse(lastTransitionTime), reason: reasonOf(reason), message: `${name} failed: ${message}` }];
  if (status?.phase !== "Running" || reasonOf(reason) === "BackupFailed") return [];
  return [{ atMs: Infinity, reason: reasonOf(reason), message: `${name} is tried again: ${message}` }];
}

function reasonOf(reason: string): ClusterReason {
  return reason === "StoreUnreachable" || reason === "StoreRefused" ? reason : "BackupFailed";
}

function laterOf(left: LastBackup | undefined, right: LastBackup | undefined): LastBackup | undefined {
  if (!left || !right) return left ?? right;
  return Date.parse(right.time) > Date.parse(left.time) ? right : left;
}

function newest<T extends { readonly atMs: number }>(items: readonly T[]): T | undefined {
  return items.toSorted((a, b) => b.atMs - a.atMs)[0];
}
