import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ControllerWorld } from "../../../../operator/controllers/controller-world.ts";
import { EtcdBackupScheduleController } from "../../../../operator/controllers/etcd-backup-schedule-controller.ts";
import type { EtcdBackupScheduleSpecInput } from "../../../../operator/types/etcd-backup-schedule.ts";
import { timestamp } from "../../../../operator/types/condition.ts";
import {
  BUCKET,
  etcdBackup,
  etcdBackupSchedule,
  etcdBackupStore,
  etcdCluster,
  etcdRestore,
} from "../../../support/operator-objects.ts";
import { BackupWorld, healthyStatus } from "./backup-world.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let it: BackupWorld;
beforeEach(async () => {
  it = await BackupWorld.start();
  await it.put("stores", etcdBackupStore(BUCKET));
  await it.put("clusters", { ...etcdCluster(), status: healthyStatus() } as never);
});
afterEach(() => it.stop());

const make = (world: ControllerWorld) => new EtcdBackupScheduleController(world);
const drive = () => it.drive(make(it.world), "ns/h");
const status = () => it.status("schedules", "h");
const ready = () => it.condition("schedules", "h", "Ready");
const made = () => it.names("backups");

/** Moves the clock to the first, second … full hour from now on, and a few minutes on. */
function toHour(hours: number, minutes = 0): void {
  const { clock } = it.harness;
  clock.advance(Math.floor(it.nowMs / HOUR) * HOUR + hours * HOUR + minutes * MINUTE - it.nowMs);
}

/** The name of the backup for a time. */
function nameAt(ms: number): string {
  return `h-${new Date(ms).toISOString().replaceAll(/\D/g, "").slice(0, 14)}`;
}

async function schedule(spec: Partial<EtcdBackupScheduleSpecInput> = {}): Promise<void> {
  await it.put("schedules", etcdBackupSchedule(spec));
}

async function ends(name: string, phase: "Verified" | "Failed"): Promise<void> {
  const now = timestamp(it.nowMs);
  it.setStatus("backups", name, {
    phase,
    clusterUID: "u",
    revision: 1,
    ...(phase === "Verified" && { completedAt: now }),
    conditions: [
      {
        type: "Failed",
        status: phase === "Failed" ? "True" : "False",
        reason: "StoreRefused",
        message: "wrong key",
        lastTransitionTime: now,
      },
    ],
  });
  await it.caughtUp();
}

/** A backup of the schedule that ended so long ago. */
async function old(name: string, hoursAgo: number, phase: "Verified" | "Failed" = "Verified"): Promise<void> {
  const time = timestamp(it.nowMs - hoursAgo * HOUR);
  await it.put("backups", {
    ...etcdBackup({}, name),
    metadata: { ...etcdBackup({}, name).metadata, labels: { "kvorum.io/schedule": "h" } },
    status: {
      phase,
      completedAt: time,
      conditions: [{ type: "Failed", status: "True", reason: "r", message: "m", lastTransitionTime: time }],
    },
  } as never);
}

describe("a schedule", () => {
  test("begins a backup at each of its times and says when the next one is", async () => {
    await schedule();
    const { result } = await drive();
    expect(made()).toEqual([]);
    const first = Math.ceil(it.nowMs / HOUR) * HOUR;
    expect(status()).toMatchObject({ nextScheduleTime: timestamp(first), skippedRuns: 0, active: [] });
    expect(ready()).toBe("True Scheduled");
    expect(it.nowMs + (result?.requeueAfterMs ?? 0)).toBeGreaterThanOrEqual(first);

    it.harness.clock.advance(result?.requeueAfterMs ?? 0);
    await drive();
    const name = nameAt(first);
    expect(made()).toEqual([name]);
    expect(it.get("backups", name)).toMatchObject({
      metadata: {
        labels: { "kvorum.io/schedule": "h", "kvorum.io/cluster": "x" },
        annotations: { "kvorum.io/scheduled-for": timestamp(first) },
      },
      spec: { clusterRef: { name: "x" }, storeRef: { name: "s" }, deletionPolicy: "Delete" },
    });
    expect(status()).toMatchObject({
      lastScheduleTime: timestamp(first),
      nextScheduleTime: timestamp(first + HOUR),
      active: [{ name }],
    });

    await ends(name, "Verified");
    await drive();
    expect(status()).toMatchObject({ lastSuccessfulTime: timestamp(it.nowMs), active: [] });
    toHour(1);
    await drive();
    expect(made()).toEqual([name, nameAt(first + HOUR)]);
  });

  test("costs no write while nothing is due", async () => {
    await schedule();
    await drive();
    const before = it.writes;
    it.harness.clock.advance(1000);
    await drive();
    expect(it.writes).toBe(before);
  });

  test("begins none while one runs: it counts the ones that it skips and says so", async () => {
    await schedule();
    await drive();
    toHour(1);
    await drive();
    const [first = ""] = made();
    toHour(1, 5);
    await drive();
    toHour(1, 5);
    await drive();
    expect(made()).toEqual([first]);
    expect(status()).toMatchObject({ skippedRuns: 2, active: [{ name: first }] });
    const skipped = (await it.events()).filter((event) => event.startsWith("BackupSkipped"));
    expect(skipped).toHaveLength(2);
    expect(skipped[0]).toContain(`${first} has not ended yet, and concurrencyPolicy is Forbid`);
    await ends(first, "Verified");
    await drive();
    expect(made()).toEqual([first]);
    toHour(1);
    await drive();
    expect(made()).toHaveLength(2);
    expect(status()).toMatchObject({ skippedRuns: 2 });
  });

  test("begins the newest of several that were missed, unless it is too late", async () => {
    await schedule({ startingDeadlineSeconds: 600 });
    await drive();
    toHour(3, 9);
    await drive();
    expect(made()).toEqual([nameAt(it.nowMs - 9 * MINUTE)]);
    expect(status()["skippedRuns"]).toBe(2);
    await ends(made()[0] ?? "", "Verified");
    toHour(1, 11);
    await drive();
    expect(made()).toHaveLength(1);
    expect(status()["skippedRuns"]).toBe(3);
    expect((await it.events()).at(-1)).toContain("startingDeadlineSeconds allows 600 seconds");
  });

  test("begins one at once if it is to, and no second one", async () => {
    await schedule({ immediate: true });
    await drive();
    const created = Date.parse(String(it.get("schedules", "h").metadata["creationTimestamp"]));
    expect(made()).toEqual([nameAt(created)]);
    await ends(made()[0] ?? "", "Verified");
    await it.delete("backups", made()[0] ?? "");
    await drive();
    expect(made()).toEqual([]);
  });

  test("begins its first one at once even before there is a cluster, if it is to", async () => {
    await it.delete("clusters", "x");
    await schedule({ immediate: true });
    await drive();
    expect(made()).toHaveLength(1);
    expect(ready()).toBe("False ClusterNotFound");
  });

  test("begins none for a cluster that is not there", async () => {
    await schedule();
    await drive();
    await it.delete("clusters", "x");
    toHour(1);
    await drive();
    expect(made()).toEqual([]);
    expect(ready()).toBe("False ClusterNotFound");
    expect(status()["skippedRuns"]).toBe(1);
    await it.put("clusters", { ...etcdCluster(), status: healthyStatus() } as never);
    await drive();
    expect(ready()).toBe("True Scheduled");
  });

  test("rests while it is suspended, and what came meanwhile neither runs nor counts", async () => {
    await schedule();
    await drive();
    await it.patch("schedules", "h", { spec: { suspend: true } });
    await drive();
    expect(ready()).toBe("False Suspended");
    expect(status()["nextScheduleTime"]).toBeUndefined();
    toHour(5);
    await drive();
    await it.patch("schedules", "h", { spec: { suspend: false } });
    await drive();
    expect(made()).toEqual([]);
    expect(status()).toMatchObject({ skippedRuns: 0, nextScheduleTime: timestamp(it.nowMs + HOUR) });
  });

  test("follows a change of its times", async () => {
    await schedule({ schedule: "0 0 1 1 *" });
    await drive();
    await it.patch("schedules", "h", { spec: { schedule: "30 * * * *" } });
    await drive();
    toHour(1, 31);
    await drive();
    expect(made()).toEqual([nameAt(it.nowMs - MINUTE)]);
    expect(status()["skippedRuns"]).toBeLessThanOrEqual(1);
  });

  test.each([
    ["50-10 * * * *", "UTC", "cannot be read"],
    ["0 0 31 2 *", "UTC", "never comes"],
    ["0 * * * *", "Mars/Base", "there is no time zone"],
  ])("that no clock can keep (%s in %s) says so and is no failure of the operator", async (text, timeZone, problem) => {
    await schedule({ schedule: text, timeZone });
    await drive();
    expect(ready()).toBe("False InvalidSchedule");
    expect(JSON.stringify(status())).toContain(problem);
    await it.patch("schedules", "h", { spec: { schedule: "0 * * * *", timeZone: "UTC" } });
    await drive();
    expect(ready()).toBe("True Scheduled");
  });

  test("is not ready after a backup that failed, until one succeeds", async () => {
    await schedule();
    await drive();
    toHour(1);
    await drive();
    await ends(made()[0] ?? "", "Failed");
    await drive();
    expect(ready()).toBe("False LastBackupFailed");
    toHour(1);
    await drive();
    await ends(made()[1] ?? "", "Verified");
    await drive();
    expect(ready()).toBe("True Scheduled");
  });
});

describe("the retention of a schedule", () => {
  test("deletes what is beyond it, and nothing of another schedule, cluster or person", async () => {
    for (const hours of [1, 2, 3, 4]) await old(`b${String(hours)}`, hours);
    await it.put("backups", etcdBackup({}, "by-hand"));
    await old("other", 900);
    await it.patch("backups", "other", { metadata: { labels: { "kvorum.io/schedule": "other" } } });
    await old("elsewhere", 900);
    await it.patch("backups", "elsewhere", { spec: { clusterRef: { name: "y" } } });
    await schedule({ retention: { keepLast: 2 } });
    await drive();
    expect(made()).toEqual(["b1", "b2", "by-hand", "elsewhere", "other"]);
    expect((await it.events()).filter((event) => event.startsWith("BackupDeleted"))).toHaveLength(2);
  });

  test("keeps the newest verified one for ever, and one that is being restored until that is over", async () => {
    for (const hours of [30, 40, 50]) await old(`b${String(hours)}`, hours);
    await old("f20", 20, "Failed");
    await it.put("restores", {
      ...etcdRestore({ source: { backupRef: { name: "b50" } } }),
      status: { phase: "Fetching" },
    } as never);
    await schedule({ retention: { maxAge: "10h" } });
    await drive();
    expect(made()).toEqual(["b30", "b50"]);
    it.setStatus("restores", "r", { phase: "Completed" });
    await it.caughtUp();
    await drive();
    expect(made()).toEqual(["b30"]);
  });

  test("does not count what is going already", async () => {
    for (const hours of [1, 2, 3]) await old(`b${String(hours)}`, hours);
    await it.patch("backups", "b1", { metadata: { finalizers: ["kvorum.io/backup"] } });
    await it.delete("backups", "b1");
    await schedule({ retention: { keepLast: 1 } });
    await drive();
    expect(made()).toEqual(["b1", "b2"]);
  });

  test("is looked at again when the next one grows too old", async () => {
    for (const hours of [1, 2]) await old(`b${String(hours)}`, hours);
    await schedule({ schedule: "0 0 1 1 *", retention: { maxAge: "150m" } });
    const { result } = await drive();
    expect(result?.requeueAfterMs).toBeGreaterThan(29 * MINUTE);
    expect(result?.requeueAfterMs).toBeLessThan(31 * MINUTE);
  });
});

describe("whatever happens on the way", () => {
  test("a process that ends after it made the backup makes no second one, and counts none as skipped", async () => {
    await schedule();
    await drive();
    toHour(1);
    await it.crashAt("after-create-backup", make, "ns/h");
    expect(made()).toEqual([nameAt(it.nowMs)]);
    expect(status()).toMatchObject({ lastScheduleTime: timestamp(it.nowMs), skippedRuns: 0 });
  });

  test("a process that ends before it deletes a backup deletes it the next time", async () => {
    await schedule({ retention: { keepLast: 1 } });
    await drive();
    for (let hour = 0; hour < 2; hour++) {
      toHour(1);
      await drive();
      if (hour === 0) await ends(made()[0] ?? "", "Verified");
    }
    await ends(made()[1] ?? "", "Verified");
    const [, newest] = made();
    await it.crashAt("before-delete-backup", make, "ns/h");
    expect(made()).toEqual([newest]);
  });

  test("two operators at once make one backup", async () => {
    await schedule();
    await drive();
    toHour(1);
    const first = it.world;
    const second = await it.another();
    await Promise.allSettled([make(first).reconcile("ns/h"), make(second).reconcile("ns/h")]);
    await drive();
    expect(made()).toEqual([nameAt(it.nowMs)]);
    expect(status()).toMatchObject({ lastScheduleTime: timestamp(it.nowMs), skippedRuns: 0 });
  });

  test("a conflict at every write comes to the same end", async () => {
    it.conflictOnce();
    await schedule({ retention: { keepLast: 1 } });
    await drive();
    toHour(1);
    await drive();
    await ends(made()[0] ?? "", "Verified");
    toHour(1);
    await drive();
    const [, newest = ""] = made();
    await ends(newest, "Verified");
    const { conflicts } = await drive();
    expect(conflicts).toBeGreaterThan(0);
    expect(made()).toEqual([newest]);
    expect(status()).toMatchObject({ skippedRuns: 0, lastScheduleTime: timestamp(it.nowMs) });
  });
});
