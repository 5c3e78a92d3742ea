import { Cron } from "croner";

/** Times of one look; a schedule that was left alone for longer has the newest of them. */
const DUE_MAX = 100;

/** When a schedule is due. */
export interface ScheduleSpec {
  readonly schedule: string;
  readonly timeZone: string;
}

/** The times of a schedule around now, or why there are none. */
export type ScheduleTimes =
  | { readonly kind: "Times"; readonly dueMs: readonly number[]; readonly nextMs: number }
  | { readonly kind: "Invalid"; readonly problem: string };

/**
 * The times after `fromMs` that have come, oldest first, and the next one. In the hour that a clock skips in spring a time
 * comes as soon as that hour is over; in the one that comes twice in autumn a fixed time comes once.
 */
export function scheduleTimes(spec: ScheduleSpec, fromMs: number, nowMs: number): ScheduleTimes {
  const { schedule, timeZone } = spec;
  if (!isTimeZone(timeZone))
    return invalid(`there is no time zone "${timeZone}": write an IANA name such as Europe/Berlin in spec.timeZone`);
  try {
    // Sloppy: 5/10 means 5-59/10, as it does for CronJobs.
    const cron = new Cron(schedule, { timezone: timeZone, mode: "5-part", sloppyRanges: true, paused: true });
    const next = cron.nextRun(new Date(nowMs));
    if (!next) return invalid(`spec.schedule "${schedule}" never comes: there is no such day`);
    return { kind: "Times", dueMs: dueTimes(cron, fromMs, nowMs), nextMs: next.getTime() };
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)).replace(/^\w+: /, "");
    return invalid(`spec.schedule "${schedule}" cannot be read: ${reason}`);
  }
}

function dueTimes(cron: Cron, fromMs: number, nowMs: number): readonly number[] {
  const due: number[] = [];
  for (let time = cron.nextRun(new Date(fromMs)); time && time.getTime() <= nowMs; time = cron.nextRun(time)) {
    if (due.length < DUE_MAX) due.push(time.getTime());
    else return newestTimes(cron, nowMs);
  }
  return due;
}

function newestTimes(cron: Cron, nowMs: number): readonly number[] {
  return cron
    .previousRuns(DUE_MAX, new Date(nowMs + 1))
    .map((time) => time.getTime())
    .toSorted((a, b) => a - b);
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

function invalid(problem: string): ScheduleTimes {
  return { kind: "Invalid", problem };
}
