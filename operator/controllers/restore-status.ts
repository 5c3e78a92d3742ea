import { setCondition, timestamp, type Condition, type ConditionUpdate } from "../types/condition.ts";
import type { EtcdRestore, EtcdRestoreStatus, RestoreConditionType } from "../types/etcd-restore.ts";
import type { JobTrouble } from "./backup-job-outcome.ts";
import { clipped, waitingSince } from "./backup-message.ts";
import type { RestoreProgress } from "./restore-decision.ts";
import type { RestoreSnapshot } from "./restore-source.ts";

/** A restore that was seen for the first time. */
export function startedStatus(restore: EtcdRestore, nowMs: number): EtcdRestoreStatus {
  const progress = { phase: "Validating", reason: "Validating", message: "the source is looked at" } as const;
  return { ...progressStatus(restore, progress, nowMs), startedAt: timestamp(nowMs) };
}

/** A restore that knows its snapshot. */
export function resolvedStatus(restore: EtcdRestore, snapshot: RestoreSnapshot, nowMs: number): EtcdRestoreStatus {
  const message = `EtcdCluster ${restore.spec.clusterName} is made from ${snapshot.key}`;
  return { ...progressStatus(restore, { phase: "Validating", reason: "Validating", message }, nowMs), snapshot };
}

/** A restore on its way. */
export function progressStatus(
  restore: EtcdRestore,
  { phase, reason, message, clusterUid, restoredRevision }: RestoreProgress,
  nowMs: number,
): EtcdRestoreStatus {
  const said = waitingSince(restore.status?.message, message, nowMs);
  return withConditions(
    restore,
    {
      phase,
      message: said,
      ...(clusterUid !== undefined && { clusterUID: clusterUid }),
      ...(restoredRevision !== undefined && { restoredRevision }),
    },
    [
      { type: "Complete", status: "False", reason, message: said },
      { type: "Failed", status: "False", reason: "NotFailed", message: "it has not failed" },
    ],
    nowMs,
  );
}

/** A restore whose cluster is complete. */
export function completedStatus(
  restore: EtcdRestore,
  { clusterUid, restoredRevision }: { readonly clusterUid: string; readonly restoredRevision?: number },
  nowMs: number,
): EtcdRestoreStatus {
  const revision = restoredRevision === undefined ? "" : ` with revision ${String(restoredRevision)}`;
  const message = `EtcdCluster ${restore.spec.clusterName} is available${revision}`;
  return withConditions(
    restore,
    {
      phase: "Completed",
      message,
      completedAt: timestamp(nowMs),
      clusterUID: clusterUid,
      ...(restoredRevision !== undefined && { restoredRevision }),
    },
    [
      { type: "Complete", status: "True", reason: "RestoreCompleted", message },
      { type: "Failed", status: "False", reason: "NotFailed", message },
    ],
    nowMs,
  );
}

/** A restore that will not be. */
export function failedRestoreStatus(
  restore: EtcdRestore,
  { reason, message: why }: JobTrouble,
  nowMs: number,
): EtcdRestoreStatus {
  const message = clipped(why);
  return withConditions(
    restore,
    { phase: "Failed", message },
    [
      { type: "Complete", status: "False", reason: "RestoreFailed", message },
      { type: "Failed", status: "True", reason, message },
    ],
    nowMs,
  );
}

function withConditions(
  { metadata: { generation = 0 }, status }: EtcdRestore,
  part: EtcdRestoreStatus,
  updates: readonly ConditionUpdate<RestoreConditionType>[],
  nowMs: number,
): EtcdRestoreStatus {
  const conditions = updates.reduce<readonly Condition[]>(
    (known, update) => setCondition(known, update, generation, nowMs),
    status?.conditions ?? [],
  );
  return { ...status, ...part, observedGeneration: generation, conditions };
}
