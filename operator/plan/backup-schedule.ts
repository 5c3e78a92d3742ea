import { timestamp } from "../types/condition.ts";

/** What a schedule's status remembers of its times. */
export interface ScheduleMemory {
  readonly nowMs: number;
  readonly createdMs: number;
  /** Whether the status was written at all, and whether since the last change of the spec. */
  readonly seen: "Never" | "Before" | "Current";
  /** `status.nextScheduleTime`: every earlier time of the schedule is dealt with. */
  readonly nextMs: number | undefined;
}

/**
 * From when on the times of a schedule are to be dealt with (that moment is not among them). A schedule that was suspended
 * or could not be read begins anew; so does a changed one, but for what was due before anybody saw the change.
 */
export function lookFromMs({ nowMs, createdMs, seen, nextMs }: ScheduleMemory): number {
  if (seen === "Never") return createdMs;
  if (nextMs === undefined) return nowMs;
  return seen === "Current" ? nextMs - 1 : Math.min(nextMs - 1, nowMs);
}

/** What a decision about a schedule rests on. */
export interface ScheduleObservation {
  readonly nowMs: number;
  /** Its times that are not dealt with, oldest first. */
  readonly dueMs: readonly number[];
  /** Times for which there is a backup. */
  readonly begunMs: readonly number[];
  readonly startingDeadlineMs: number | undefined;
  /** Backups of this schedule that have not ended. */
  readonly active: readonly string[];
  /** Why no backup could be taken whatever the time is. */
  readonly obstacle: string | undefined;
}

/** What to do about the times that have come. */
export interface ScheduleDecision {
  /** The time to begin a backup for. */
  readonly beginMs: number | undefined;
  /** Times for which none is begun, in sentences for events. */
  readonly skips: readonly { readonly count: number; readonly note: string }[];
}

/**
 * Begins a backup for the newest time that has come, and none for those before it: a backup is of now, and several at once
 * are worth no more than one. While one runs, none is begun.
 */
export function scheduleDecision(observation: ScheduleObservation): ScheduleDecision {
  const { dueMs, begunMs } = observation;
  const begun = new Set(begunMs);
  const open = dueMs.filter((time) => !begun.has(time));
  const latest = open.at(-1);
  if (latest === undefined) return { beginMs: undefined, skips: [] };
  const isPast = begunMs.some((time) => time > latest);
  const missed = isPast ? open : open.slice(0, -1);
  const skips = missed.length === 0 ? [] : [skip(missed, "nobody began it in time, and a later one takes its place")];
  if (isPast) return { beginMs: undefined, skips };
  const hindrance = hindranceOf(observation, latest);
  if (hindrance === undefined) return { beginMs: latest, skips };
  return { beginMs: undefined, skips: [...skips, skip([latest], hindrance)] };
}

function hindranceOf(
  { nowMs, active, startingDeadlineMs = Infinity, obstacle }: ScheduleObservation,
  timeMs: number,
): string | undefined {
  if (active.length > 0) return `${active.join(", ")} has not ended yet, and concurrencyPolicy is Forbid`;
  if (nowMs - timeMs > startingDeadlineMs) {
    const limit = `${String(startingDeadlineMs / 1000)} seconds`;
    return `it is ${String(Math.floor((nowMs - timeMs) / 1000))} seconds late, and startingDeadlineSeconds allows ${limit}`;
  }
  return obstacle;
}

function skip(times: readonly number[], why: string): ScheduleDecision["skips"][number] {
  const [first = 0] = times;
  const last = times.at(-1) ?? first;
  const which =
    times.length === 1
      ? `the backup due at ${timestamp(first)} is skipped`
      : `${String(times.length)} backups due from ${timestamp(first)} to ${timestamp(last)} are skipped`;
  return { count: times.length, note: `${which}: ${why}` };
}
