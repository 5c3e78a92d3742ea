import { describe, expect, test } from "vitest";
import { scheduleTimes } from "../../../../operator/controllers/schedule-times.ts";

const text = (ms: number): string => new Date(ms).toISOString().replace(":00.000Z", "");

/** Due times and the next one, as text. */
function times(schedule: string, timeZone: string, from: string, now: string): string {
  const found = scheduleTimes({ schedule, timeZone }, Date.parse(from), Date.parse(now));
  if (found.kind === "Invalid") return found.problem;
  return `${found.dueMs.map(text).join(" ")} then ${text(found.nextMs)}`;
}

describe("the times of a schedule", () => {
  test.each<readonly [what: string, schedule: string, zone: string, from: string, now: string, expected: string]>([
    [
      "after one moment up to another",
      "0 * * * *",
      "UTC",
      "2026-11-01T10:00:00Z",
      "2026-11-01T12:00:00Z",
      "2026-11-01T11:00 2026-11-01T12:00 then 2026-11-01T13:00",
    ],
    [
      "none has come yet",
      "0 12 * * *",
      "UTC",
      "2026-11-01T10:00:00Z",
      "2026-11-01T11:59:59Z",
      " then 2026-11-01T12:00",
    ],
    [
      "an abbreviation, at midnight there",
      "@daily",
      "Asia/Kolkata",
      "2026-11-01T10:00:00Z",
      "2026-11-01T19:00:00Z",
      "2026-11-01T18:30 then 2026-11-02T18:30",
    ],
    [
      "a step with a beginning, as a CronJob takes it",
      "5/20 * * * *",
      "UTC",
      "2026-11-01T10:00:00Z",
      "2026-11-01T10:30:00Z",
      "2026-11-01T10:05 2026-11-01T10:25 then 2026-11-01T10:45",
    ],
    [
      "a time that the clock skips in spring comes when the hour is over",
      "30 2 * * *",
      "Europe/Berlin",
      "2026-03-28T12:00:00Z",
      "2026-03-29T12:00:00Z",
      "2026-03-29T01:00 then 2026-03-30T00:30",
    ],
    [
      "a time that comes twice in autumn comes once",
      "30 2 * * *",
      "Europe/Berlin",
      "2026-10-24T12:00:00Z",
      "2026-10-25T12:00:00Z",
      "2026-10-25T00:30 then 2026-10-26T01:30",
    ],
    [
      "either the day of the month or the day of the week",
      "0 0 1 * MON",
      "UTC",
      "2026-10-31T12:00:00Z",
      "2026-11-03T00:00:00Z",
      "2026-11-01T00:00 2026-11-02T00:00 then 2026-11-09T00:00",
    ],
  ])("%s", (_what, schedule, zone, from, now, expected) => {
    expect(times(schedule, zone, from, now)).toBe(expected);
  });

  test("only the newest hundred after a long time", () => {
    const found = scheduleTimes(
      { schedule: "* * * * *", timeZone: "UTC" },
      Date.parse("2026-01-01T00:00:00Z"),
      Date.parse("2026-11-01T12:00:30Z"),
    );
    if (found.kind === "Invalid") throw new Error(found.problem);
    expect(found.dueMs).toHaveLength(100);
    expect(new Date(found.dueMs.at(-1) ?? 0).toISOString()).toBe("2026-11-01T12:00:00.000Z");
    expect(found.dueMs.toSorted((a, b) => a - b)).toEqual(found.dueMs);
  });

  test.each([
    ["0 0 31 2 *", "UTC", 'spec.schedule "0 0 31 2 *" never comes: there is no such day'],
    [
      "50-10 * * * *",
      "UTC",
      `spec.schedule "50-10 * * * *" cannot be read: From value is larger than to value: '50-10'`,
    ],
    [
      "0 0 * * FRI-MON",
      "UTC",
      `spec.schedule "0 0 * * FRI-MON" cannot be read: From value is larger than to value: '5-1'`,
    ],
    [
      "0 * * * *",
      "Mars/Base",
      'there is no time zone "Mars/Base": write an IANA name such as Europe/Berlin in spec.timeZone',
    ],
  ])("what the API server lets pass and no clock can keep is said to be so: %s in %s", (schedule, zone, problem) => {
    expect(times(schedule, zone, "2026-11-01T10:00:00Z", "2026-11-01T12:00:00Z")).toBe(problem);
  });
});
