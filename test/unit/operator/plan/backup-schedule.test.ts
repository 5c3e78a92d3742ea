import { describe, expect, test } from "vitest";
import {
  lookFromMs,
  scheduleDecision,
  type ScheduleMemory,
  type ScheduleObservation,
} from "../../../../operator/plan/backup-schedule.ts";

const at = (text: string): number => Date.parse(`2026-11-01T${text}Z`);

describe("from when on the times of a schedule count", () => {
  const memory: ScheduleMemory = {
    nowMs: at("10:30:00"),
    createdMs: at("09:00:00"),
    seen: "Current",
    nextMs: at("11:00:00"),
  };
  test.each<readonly [what: string, change: Partial<ScheduleMemory>, from: number]>([
    ["a new one: from when it was made", { seen: "Never", nextMs: undefined }, at("09:00:00")],
    ["one that waits for its next time: from right before that", {}, at("11:00:00") - 1],
    [
      "one whose time has come while nobody looked: from right before that",
      { nextMs: at("10:00:00") },
      at("10:00:00") - 1,
    ],
    ["one that was suspended: from now", { nextMs: undefined }, at("10:30:00")],
    ["one that was changed: from now", { seen: "Before" }, at("10:30:00")],
    [
      "one that was changed after its time had come: from right before that",
      { seen: "Before", nextMs: at("10:00:00") },
      at("10:00:00") - 1,
    ],
  ])("%s", (_what, change, from) => {
    expect(lookFromMs({ ...memory, ...change })).toBe(from);
  });
});

describe("the times of a schedule that have come", () => {
  const observation: ScheduleObservation = {
    nowMs: at("12:00:10"),
    dueMs: [at("12:00:00")],
    begunMs: [],
    startingDeadlineMs: undefined,
    active: [],
    obstacle: undefined,
  };
  test.each<readonly [what: string, change: Partial<ScheduleObservation>, begin: string | undefined, skips: string[]]>([
    ["one: it is begun", {}, "12:00:00", []],
    ["none: nothing happens", { dueMs: [] }, undefined, []],
    [
      "several: the newest is begun, the others are skipped",
      { dueMs: [at("10:00:00"), at("11:00:00"), at("12:00:00")] },
      "12:00:00",
      [
        "2: 2 backups due from 2026-11-01T10:00:00Z to 2026-11-01T11:00:00Z are skipped: nobody began it in time, and a later one takes its place",
      ],
    ],
    ["one that was begun before a crash: it is not begun again", { begunMs: [at("12:00:00")] }, undefined, []],
    [
      "one that was begun before a crash, and another one since: that is begun",
      { dueMs: [at("11:00:00"), at("12:00:00")], begunMs: [at("11:00:00")] },
      "12:00:00",
      [],
    ],
    [
      "one for whose successor there is a backup: it is skipped",
      { dueMs: [at("11:00:00"), at("12:00:00")], begunMs: [at("12:00:00")] },
      undefined,
      [
        "1: the backup due at 2026-11-01T11:00:00Z is skipped: nobody began it in time, and a later one takes its place",
      ],
    ],
    [
      "one while another backup runs: it is skipped",
      { active: ["h-1"] },
      undefined,
      ["1: the backup due at 2026-11-01T12:00:00Z is skipped: h-1 has not ended yet, and concurrencyPolicy is Forbid"],
    ],
    [
      "one too late: it is skipped",
      { startingDeadlineMs: 9000 },
      undefined,
      [
        "1: the backup due at 2026-11-01T12:00:00Z is skipped: it is 10 seconds late, and startingDeadlineSeconds allows 9 seconds",
      ],
    ],
    ["one just in time: it is begun", { startingDeadlineMs: 10_000 }, "12:00:00", []],
    [
      "one that cannot be begun: it is skipped",
      { obstacle: "there is no EtcdCluster x" },
      undefined,
      ["1: the backup due at 2026-11-01T12:00:00Z is skipped: there is no EtcdCluster x"],
    ],
  ])("%s", (_what, change, begin, skips) => {
    const decision = scheduleDecision({ ...observation, ...change });
    expect(decision.beginMs).toBe(begin === undefined ? undefined : at(begin));
    expect(decision.skips.map(({ count, note }) => `${String(count)}: ${note}`)).toEqual(skips);
  });
});
