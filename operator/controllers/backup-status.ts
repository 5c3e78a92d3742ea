import type { JobResult } from "../backup/job-result.ts";
import { findCondition, setCondition, timestamp, type Condition, type ConditionUpdate } from "../types/condition.ts";
import type { BackupConditionType, EtcdBackup, EtcdBackupStatus } from "../types/etcd-backup.ts";
import { ordinalOfPeerUrl, podName } from "../types/names.ts";
import { clipped, waitingSince } from "./backup-message.ts";

type Update = ConditionUpdate<BackupConditionType>;

/** What a Job of a backup came to that stored a snapshot. */
export type StoredBackup = Extract<JobResult, { readonly ok: true; readonly command: "backup-upload" }>;

/** The reason of `Failed` after a Job was lost: it is begun once more, and a second loss is final. */
export const JOB_LOST = "JobLost";

/** A backup that waits for something before its Job can be made. */
export function pendingStatus(
  backup: EtcdBackup,
  { reason, message }: { readonly reason: string; readonly message: string },
  nowMs: number,
): EtcdBackupStatus {
  const said = waitingSince(backup.status?.message, message, nowMs);
  return withConditions(backup, { phase: "Pending", message: said }, unfinished(backup, reason, said), nowMs);
}

/** A backup whose Job is about to be made: what it will write is known before it can write. */
export function latchedStatus(
  backup: EtcdBackup,
  latch: Required<Pick<EtcdBackupStatus, "key" | "clusterUID" | "clusterID" | "member">>,
  nowMs: number,
): EtcdBackupStatus {
  const message = `a Job is made that takes it from ${latch.member}`;
  return withConditions(
    backup,
    { ...latch, phase: "Pending", message },
    unfinished(backup, "Starting", message),
    nowMs,
  );
}

/** A backup whose Job runs, perhaps not well. */
export function runningStatus(
  backup: EtcdBackup,
  job: string,
  trouble: { readonly reason: string; readonly message: string } | undefined,
  nowMs: number,
): EtcdBackupStatus {
  const startedAt = backup.status?.startedAt ?? timestamp(nowMs);
  const works = `the Job ${job} takes it, since ${startedAt}`;
  const message = clipped(trouble ? `${works}; a try failed and comes again: ${trouble.message}` : works);
  const updates = unfinished(backup, "Running", message).map((update) =>
    update.type === "Failed" && trouble && update.reason !== JOB_LOST
      ? { ...update, reason: trouble.reason, message: clipped(trouble.message) }
      : update,
  );
  return withConditions(backup, { phase: "Running", startedAt, message }, updates, nowMs);
}

/** A backup whose Job was lost: it goes back to where its Job is made, once. */
export function lostStatus(backup: EtcdBackup, message: string, nowMs: number): EtcdBackupStatus {
  const lost: Update = { type: "Failed", status: "False", reason: JOB_LOST, message };
  return withConditions(backup, { phase: "Pending", message }, [...unfinished(backup, JOB_LOST, message), lost], nowMs);
}

/** A backup that will not be. */
export function failedStatus(
  backup: EtcdBackup,
  { reason, message: why }: { readonly reason: string; readonly message: string },
  nowMs: number,
): EtcdBackupStatus {
  const message = clipped(why);
  const updates: readonly Update[] = [
    { type: "Complete", status: "False", reason: "BackupFailed", message },
    { type: "Failed", status: "True", reason, message },
    { type: "Verified", status: "False", reason: "NotStored", message },
  ];
  return withConditions(backup, { phase: "Failed", message }, updates, nowMs);
}

/** A backup that is stored; its Job has read it back before it said so. */
export function storedStatus(backup: EtcdBackup, result: StoredBackup, nowMs: number): EtcdBackupStatus {
  const { revision, sizeBytes, uri } = result;
  const stored = `revision ${String(revision)}, ${String(sizeBytes)} bytes, is stored as ${uri}`;
  const updates: readonly Update[] = [
    { type: "Complete", status: "True", reason: "BackupCompleted", message: stored },
    { type: "Failed", status: "False", reason: "NotFailed", message: stored },
    { type: "Verified", status: "True", reason: "BackupVerified", message: "it was read back and is intact" },
  ];
  const part: EtcdBackupStatus = {
    phase: "Verified",
    member: memberOf(backup, result.endpoint),
    clusterID: result.clusterID,
    clusterUID: result.clusterUID,
    revision,
    raftTerm: result.raftTerm,
    uri,
    key: result.key,
    sizeBytes,
    sha256: result.sha256,
    hashKV: result.hashKV,
    serverVersion: result.serverVersion,
    startedAt: wholeSeconds(result.startedAt),
    completedAt: wholeSeconds(result.completedAt),
    verifiedAt: wholeSeconds(result.verifiedAt),
    message: `${stored}; it was read back and is intact`,
  };
  return withConditions(backup, part, updates, nowMs);
}

/** The pod behind a client URL; the URL itself if it is none of the cluster's. */
function memberOf({ metadata: { namespace }, spec: { clusterRef } }: EtcdBackup, endpoint: string): string {
  const ordinal = ordinalOfPeerUrl({ name: clusterRef.name, namespace }, endpoint);
  return ordinal === undefined ? endpoint : podName(clusterRef.name, ordinal);
}

function wholeSeconds(time: string): string {
  return timestamp(Date.parse(time));
}

function unfinished({ status }: EtcdBackup, reason: string, message: string): readonly Update[] {
  const isLost = findCondition(status?.conditions, "Failed")?.reason === JOB_LOST;
  const failed = isLost
    ? { reason: JOB_LOST, message: "its Job was lost once and was begun again" }
    : { reason: "NotFailed", message: "it has not failed" };
  return [
    { type: "Complete", status: "False", reason, message },
    { type: "Failed", status: "False", ...failed },
    { type: "Verified", status: "False", reason: "NotStored", message: "it is not stored yet" },
  ];
}

function withConditions(
  { metadata: { generation = 0 }, status }: EtcdBackup,
  part: EtcdBackupStatus,
  updates: readonly Update[],
  nowMs: number,
): EtcdBackupStatus {
  const conditions = updates.reduce<readonly Condition[]>(
    (known, update) => setCondition(known, update, generation, nowMs),
    status?.conditions ?? [],
  );
  return { ...status, ...part, observedGeneration: generation, conditions };
}
