import { snapshotKey } from "../backup/backup-layout.ts";
import { findCondition } from "../types/condition.ts";
import type { EtcdBackup, EtcdBackupStatus } from "../types/etcd-backup.ts";
import { backupJobName } from "../types/names.ts";
import type { JobOutcome, JobTrouble } from "./backup-job-outcome.ts";
import type { BackupSource } from "./backup-source.ts";
import { JOB_LOST, type StoredBackup } from "./backup-status.ts";

/** The Job of a backup that went well is kept so long for whoever wants to read its log, one that failed longer. */
const VERIFIED_JOB_KEPT_MS = 3_600_000;
const FAILED_JOB_KEPT_MS = 24 * 3_600_000;

/** What a decision about a backup rests on. */
export interface BackupObservation {
  readonly nowMs: number;
  readonly backup: EtcdBackup;
  readonly source: BackupSource;
  readonly hasStore: boolean;
  readonly upload: JobOutcome;
}

/** What comes next for a backup. Every one may be repeated, also after a crash at any line. */
export type BackupStep =
  /** It cannot begin yet. */
  | ({ readonly kind: "Wait" } & JobTrouble)
  /** Write down where the snapshot will be, before anything can write there. */
  | { readonly kind: "Latch"; readonly latch: BackupLatch }
  | {
      readonly kind: "CreateJob";
      readonly key: string;
      readonly clusterUid: string;
      readonly clusterId: string;
      readonly endpoints: readonly string[];
    }
  | { readonly kind: "Follow"; readonly trouble?: JobTrouble }
  /** The Job succeeded and nobody can read any more what it came to: another one says it again. */
  | { readonly kind: "DeleteJob" }
  | { readonly kind: "Repeat"; readonly message: string }
  | { readonly kind: "Record"; readonly result: StoredBackup }
  | ({ readonly kind: "Fail" } & JobTrouble)
  | { readonly kind: "None"; readonly retryMs?: number };

/** What is known of a snapshot before it exists. */
export type BackupLatch = Required<Pick<EtcdBackupStatus, "key" | "clusterUID" | "clusterID" | "member">>;

/** Decides about a backup that is not being deleted. */
export function backupStep(observation: BackupObservation): BackupStep {
  const { backup, upload } = observation;
  switch (backup.status?.phase) {
    case "Completed":
    case "Verified":
    case "Failed":
      return ended(observation);
    case "Running":
    case "Pending":
    case undefined:
  }
  switch (upload.kind) {
    case "Missing":
      return backup.status?.phase === "Running" ? lost(observation) : begin(observation);
    case "Terminating":
      return { kind: "None" };
    case "Running":
      return { kind: "Follow", ...(upload.trouble && { trouble: upload.trouble }) };
    case "Succeeded": {
      const { result } = upload;
      const isOurs = result?.ok === true && result.command === "backup-upload";
      return isOurs ? { kind: "Record", result } : { kind: "DeleteJob" };
    }
    case "Failed":
      return { kind: "Fail", reason: upload.reason, message: upload.message };
  }
}

function begin({ backup, source, hasStore }: BackupObservation): BackupStep {
  const { name, namespace } = backup.metadata;
  const { clusterRef, storeRef } = backup.spec;
  if (!hasStore) {
    const message = `there is no EtcdBackupStore ${storeRef.name} in this namespace: make it, and the backup begins`;
    return { kind: "Wait", reason: "StoreNotFound", message };
  }
  if (source.kind === "Unavailable") {
    return { kind: "Wait", reason: source.reason, message: `the backup has to wait: ${source.message}` };
  }
  const { clusterUid, clusterId, member, endpoints } = source;
  const key = snapshotKey({ namespace, cluster: clusterRef.name, clusterUid, backup: name });
  const { status } = backup;
  // A cluster that was made anew under the old name is another one.
  if (status?.key !== key || status.clusterUID !== clusterUid) {
    return { kind: "Latch", latch: { key, clusterUID: clusterUid, clusterID: clusterId, member } };
  }
  return { kind: "CreateJob", key, clusterUid, clusterId, endpoints };
}

/** A Job may be repeated without harm: what the first one has stored is found and told again. */
function lost({ backup }: BackupObservation): BackupStep {
  const isSecond = findCondition(backup.status?.conditions, "Failed")?.reason === JOB_LOST;
  const message = `${jobOf(backup)} was deleted before its result could be read`;
  if (!isSecond) return { kind: "Repeat", message: `${message}: it is begun once more` };
  return {
    kind: "Fail",
    reason: JOB_LOST,
    message: `${message}, twice: find out who deletes it, and write another EtcdBackup`,
  };
}

/** What is left to do for a backup that has ended: a Job that still tries is stopped, an old one is cleared away. */
function ended({ backup, upload, nowMs }: BackupObservation): BackupStep {
  const { phase, completedAt, conditions } = backup.status ?? {};
  if (upload.kind === "Missing" || upload.kind === "Terminating") return { kind: "None" };
  if (upload.kind === "Running" || (upload.kind === "Failed" && !upload.isOver)) return { kind: "DeleteJob" };
  const failedAt = findCondition(conditions, "Failed")?.lastTransitionTime;
  const isFailed = phase === "Failed";
  const keptMs = isFailed ? FAILED_JOB_KEPT_MS : VERIFIED_JOB_KEPT_MS;
  const leftMs = Date.parse((isFailed ? failedAt : completedAt) ?? "") + keptMs - nowMs;
  return leftMs > 0 ? { kind: "None", retryMs: leftMs } : { kind: "DeleteJob" };
}

function jobOf({ metadata: { name } }: EtcdBackup): string {
  return `the Job ${backupJobName(name, "upload")}`;
}
