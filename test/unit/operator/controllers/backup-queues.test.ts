import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { feedBackupQueues, type BackupQueues } from "../../../../operator/controllers/backup-queues.ts";
import {
  BUCKET,
  etcdBackup,
  etcdBackupSchedule,
  etcdBackupStore,
  etcdCluster,
  etcdRestore,
} from "../../../support/operator-objects.ts";
import { BackupWorld } from "./backup-world.ts";

let it: BackupWorld;
let told: Set<string>;
beforeEach(async () => {
  it = await BackupWorld.start();
  await it.put("stores", etcdBackupStore(BUCKET));
  await it.put("clusters", etcdCluster());
  await it.put("clusters", etcdCluster({}, "y"));
  await it.put("backups", etcdBackup({}, "waits"));
  await it.put("backups", { ...etcdBackup({}, "done"), status: { phase: "Verified" } } as never);
  await it.put("schedules", etcdBackupSchedule());
  await it.put("restores", etcdRestore({ source: { backupRef: { name: "done" } } }));
  told = new Set();
  const queue = (name: string) => ({ add: (key: string) => void told.add(`${name} ${key}`) });
  const queues = {
    clusters: queue("cluster"),
    backups: queue("backup"),
    schedules: queue("schedule"),
    restores: queue("restore"),
  };
  feedBackupQueues(it.world.informers, queues as unknown as BackupQueues);
});
afterEach(() => it.stop());

const labelled = (name: string, labels: Readonly<Record<string, string>>) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, labels: { "app.kubernetes.io/managed-by": "kvorum-operator", ...labels } },
});

describe("a change is told to whom it may matter", () => {
  test.each<readonly [what: string, change: () => Promise<unknown>, expected: readonly string[]]>([
    [
      "a cluster: what backs it up and has not ended",
      () => it.patch("clusters", "x", { spec: { replicas: 5 } }),
      ["backup ns/waits", "schedule ns/h"],
    ],
    ["a cluster that is restored", () => it.patch("clusters", "y", { spec: { replicas: 5 } }), ["restore ns/r"]],
    [
      "a store",
      () => it.patch("stores", "s", { metadata: { labels: { a: "b" } } }),
      ["backup ns/waits", "schedule ns/h"],
    ],
    [
      "a backup that is restored",
      () => it.patch("backups", "done", { metadata: { labels: { "kvorum.io/schedule": "h" } } }),
      ["backup ns/done", "cluster ns/x", "restore ns/r", "schedule ns/h"],
    ],
    ["a Job", () => it.put("jobs", labelled("waits-upload", { "kvorum.io/backup": "waits" })), ["backup ns/waits"]],
    [
      "a pod of a Job",
      () => it.put("pods", labelled("waits-upload-1", { "kvorum.io/backup": "waits", "kvorum.io/cluster": "x" })),
      ["backup ns/waits"],
    ],
    [
      "a pod of a cluster that is restored",
      () => it.put("pods", labelled("y-0", { "kvorum.io/cluster": "y" })),
      ["restore ns/r"],
    ],
    ["a schedule", () => it.patch("schedules", "h", { spec: { suspend: true } }), ["cluster ns/x", "schedule ns/h"]],
    ["a restore", () => it.patch("restores", "r", { metadata: { labels: { a: "b" } } }), ["restore ns/r"]],
  ])("%s", async (_what, change, expected) => {
    await change();
    expect([...told].toSorted()).toEqual(expected);
  });

  test("a store: a backup that is being deleted, too", async () => {
    await it.patch("backups", "done", { metadata: { finalizers: ["kvorum.io/backup"] } });
    await it.delete("backups", "done");
    told.clear();
    await it.delete("stores", "s");
    expect(told).toContain("backup ns/done");
  });
});
