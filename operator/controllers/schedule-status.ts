import { findCondition, setCondition, timestamp, type ConditionUpdate } from "../types/condition.ts";
import type { BackupScheduleConditionType, EtcdBackupScheduleStatus } from "../types/etcd-backup-schedule.ts";
import type { ScheduleDecision } from "../plan/backup-schedule.ts";
import { clipped } from "./backup-message.ts";
import type { ObservedSchedule } from "./schedule-observation.ts";

type Ready = Omit<ConditionUpdate<BackupScheduleConditionType>, "type">;

/** As many as the list in the status takes. */
const ACTIVE_MAX = 16;

/** The whole status of a schedule: what was decided is done by now. */
export function scheduleStatus(observed: ObservedSchedule, decision: ScheduleDecision): EtcdBackupScheduleStatus {
  const { nowMs, schedule, times, begunMs, active, ended, backups } = observed;
  const { metadata, status } = schedule;
  const { generation = 0 } = metadata;
  const begun = [...begunMs, ...(decision.beginMs === undefined ? [] : [decision.beginMs])];
  const completed = backups.flatMap((backup) => backup.status?.completedAt ?? []);
  const last = latest(status?.lastScheduleTime, begun);
  const succeeded = latest(
    status?.lastSuccessfulTime,
    completed.map((time) => Date.parse(time)),
  );
  const skipped = (status?.skippedRuns ?? 0) + decision.skips.reduce((sum, { count }) => sum + count, 0);
  const ready = { type: "Ready" as const, ...readiness(observed, ended) };
  return {
    observedGeneration: generation,
    ...(last !== undefined && { lastScheduleTime: last }),
    ...(succeeded !== undefined && { lastSuccessfulTime: succeeded }),
    ...(times?.kind === "Times" && { nextScheduleTime: timestamp(times.nextMs) }),
    skippedRuns: skipped,
    active: active.slice(0, ACTIVE_MAX).map((name) => ({ name })),
    conditions: setCondition(status?.conditions, ready, generation, nowMs),
  };
}

function readiness({ times, obstacle, backups }: ObservedSchedule, ended: ObservedSchedule["ended"]): Ready {
  if (!times) return notReady("Suspended", "spec.suspend is set: no further backups are begun");
  if (times.kind === "Invalid") return notReady("InvalidSchedule", times.problem);
  const next = `the next backup is due at ${timestamp(times.nextMs)}`;
  if (obstacle) return notReady(obstacle.reason, `${obstacle.message}: no backup can be begun; ${next}`);
  const last = ended.toSorted((a, b) => b.endedMs - a.endedMs)[0];
  if (last?.outcome !== "Failed") return { status: "True", reason: "Scheduled", message: next };
  const failed = backups.find(({ metadata }) => metadata.name === last.name);
  const why = findCondition(failed?.status?.conditions, "Failed")?.message ?? "";
  return notReady("LastBackupFailed", `${next}; ${clipped(`${last.name} failed: ${why}`)}`);
}

function notReady(reason: string, message: string): Ready {
  return { status: "False", reason, message };
}

/** The latest of moments, as text; what was known before counts, too. */
function latest(known: string | undefined, times: readonly number[]): string | undefined {
  const all = known === undefined ? times : [Date.parse(known), ...times];
  return all.length === 0 ? undefined : timestamp(Math.max(...all));
}
