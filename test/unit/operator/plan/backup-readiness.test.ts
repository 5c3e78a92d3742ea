import { describe, expect, test } from "vitest";
import { backupReadiness, type BackupsOfCluster } from "../../../../operator/plan/backup-readiness.ts";
import type { EtcdBackup, EtcdBackupStatus } from "../../../../operator/types/etcd-backup.ts";
import { etcdBackup, etcdBackupSchedule } from "../../../support/operator-objects.ts";

const at = (hour: number): string => `2026-11-01T${String(hour).padStart(2, "0")}:00:00Z`;

function backup(name: string, status: EtcdBackupStatus): EtcdBackup {
  return { ...etcdBackup({}, name), status: { clusterUID: "u", ...status } };
}

function stored(name: string, hour: number, revision = hour * 100): EtcdBackup {
  return backup(name, { phase: "Verified", revision, completedAt: at(hour) });
}

function failed(name: string, hour: number, reason: string, isOver = true): EtcdBackup {
  return backup(name, {
    phase: isOver ? "Failed" : "Running",
    conditions: [
      { type: "Failed", status: isOver ? "True" : "False", reason, message: "because", lastTransitionTime: at(hour) },
    ],
  });
}

const scheduled = { ...etcdBackupSchedule(), status: { nextScheduleTime: at(15) } };
const broken = {
  ...etcdBackupSchedule({}, "ill"),
  status: {
    conditions: [
      {
        type: "Ready",
        status: "False" as const,
        reason: "InvalidSchedule",
        message: "cannot be read",
        lastTransitionTime: at(1),
      },
    ],
  },
};

describe("whether backups of a cluster work", () => {
  test.each<
    readonly [
      what: string,
      known: Partial<BackupsOfCluster>,
      verdict: string,
      message: string,
      last: string | undefined,
    ]
  >([
    ["nothing was asked for", {}, "False NoBackupYet", "write an EtcdBackupSchedule or an EtcdBackup", undefined],
    [
      "the first one is still to come",
      { schedules: [scheduled] },
      "False NoBackupYet",
      "EtcdBackupSchedule h takes the first one at 2026-11-01T15:00:00Z",
      undefined,
    ],
    [
      "the schedule cannot begin one",
      { schedules: [scheduled, broken] },
      "False NoBackupYet",
      "EtcdBackupSchedule ill: cannot be read",
      undefined,
    ],
    [
      "the first one runs",
      { backups: [backup("a", { phase: "Running" })] },
      "False NoBackupYet",
      "no backup",
      undefined,
    ],
    ["one succeeded", { backups: [stored("a", 9)] }, "True BackupSucceeded", "a holds revision 900", "a"],
    ["the newest counts", { backups: [stored("b", 10), stored("a", 9)] }, "True BackupSucceeded", "b holds", "b"],
    [
      "the last one failed",
      { backups: [stored("a", 9), failed("b", 10, "Evicted")] },
      "False BackupFailed",
      "b failed: because",
      "a",
    ],
    [
      "one failed and a later one succeeded",
      { backups: [failed("b", 10, "Evicted"), stored("c", 11)] },
      "True BackupSucceeded",
      "c holds",
      "c",
    ],
    ["the key is wrong", { backups: [failed("b", 10, "StoreRefused")] }, "False StoreRefused", "because", undefined],
    [
      "the store is down",
      { backups: [stored("a", 9), failed("b", 10, "StoreUnreachable")] },
      "False StoreUnreachable",
      "b failed: because",
      "a",
    ],
    [
      "the store is down, and the backup is still tried",
      { backups: [stored("a", 9), failed("b", 8, "StoreUnreachable", false)] },
      "False StoreUnreachable",
      "b is tried again: because",
      "a",
    ],
    [
      "a running backup had other trouble",
      { backups: [stored("a", 9), failed("b", 10, "OOMKilled", false)] },
      "True BackupSucceeded",
      "a holds",
      "a",
    ],
    [
      "the backups are of an earlier cluster of that name",
      {
        backups: [stored("a", 9), failed("b", 10, "Evicted")].map((b) => ({
          ...b,
          status: { ...b.status, clusterUID: "v" },
        })),
      },
      "False NoBackupYet",
      "no backup was taken yet",
      undefined,
    ],
    [
      "the object of the last one was deleted",
      { lastBackup: { name: "old", revision: 5, time: at(7) } },
      "True BackupSucceeded",
      "old holds revision 5",
      "old",
    ],
    [
      "a backup is newer than the one in the status",
      { lastBackup: { name: "old", revision: 5, time: at(7) }, backups: [stored("a", 9)] },
      "True BackupSucceeded",
      "a holds",
      "a",
    ],
  ])("%s", (_what, known, verdict, message, last) => {
    const { condition, lastBackup } = backupReadiness({
      clusterUid: "u",
      backups: [],
      schedules: [],
      lastBackup: undefined,
      ...known,
    });
    expect(`${condition.status} ${condition.reason}`).toBe(verdict);
    expect(condition.message).toContain(message);
    expect(lastBackup?.name).toBe(last);
  });

  test("tells the revision and the time of the last one", () => {
    const { lastBackup } = backupReadiness({
      clusterUid: "u",
      backups: [stored("a", 9, 4711)],
      schedules: [],
      lastBackup: undefined,
    });
    expect(lastBackup).toEqual({ name: "a", revision: 4711, time: at(9) });
  });
});
