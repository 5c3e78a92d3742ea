import { expect, test } from "vitest";
import { finalBackup, scheduledBackup } from "../../../../operator/resources/requested-backup.ts";
import { restoredCluster } from "../../../../operator/resources/restored-cluster.ts";
import { ANNOTATIONS, LABELS } from "../../../../operator/types/names.ts";
import { etcdBackupSchedule, etcdCluster, etcdRestore } from "../../../support/operator-objects.ts";

const AT_NINE = Date.UTC(2026, 10, 21, 9);
const SNAPSHOT = { storeRef: { name: "s" }, key: "u/a.db", sha256: "0".repeat(64) };

test("the same time of a schedule gives the same backup, another time another one", () => {
  const schedule = etcdBackupSchedule();
  expect(scheduledBackup(schedule, AT_NINE)).toEqual(scheduledBackup(schedule, AT_NINE));
  expect(scheduledBackup(schedule, AT_NINE).metadata.name).toBe("h-20261121090000");
  expect(scheduledBackup(schedule, AT_NINE + 60_000).metadata.name).toBe("h-20261121090100");
});

test("a scheduled backup knows its schedule and its time, and takes its snapshot along when it is deleted", () => {
  const { metadata, spec } = scheduledBackup(etcdBackupSchedule(), AT_NINE);
  expect(metadata.labels[LABELS.schedule]).toBe("h");
  expect(metadata.annotations?.[ANNOTATIONS.scheduledFor]).toBe("2026-11-21T09:00:00Z");
  expect(spec).toEqual({ clusterRef: { name: "x" }, storeRef: { name: "s" }, deletionPolicy: "Delete" });
});

test("the last backup goes where the spec says, outlives its cluster, and keeps its snapshot", () => {
  const cluster = etcdCluster({ deletionPolicy: "SnapshotThenDelete", finalBackup: { storeRef: { name: "s" } } });
  const backup = finalBackup(cluster);
  expect(backup?.spec).toEqual({ clusterRef: { name: "x" }, storeRef: { name: "s" }, deletionPolicy: "Retain" });
  expect(backup?.metadata).not.toHaveProperty("ownerReferences");
  expect(finalBackup(etcdCluster())).toBeUndefined();
});

test("a restored cluster is what the template says, and begins with the snapshot", () => {
  const { metadata, spec } = restoredCluster(etcdRestore({ template: { replicas: 5 } }), SNAPSHOT);
  expect(metadata).toMatchObject({ name: "y", namespace: "ns", annotations: { [ANNOTATIONS.restoreUid]: "uid-of-r" } });
  expect(metadata).not.toHaveProperty("ownerReferences");
  expect(spec).toMatchObject({ replicas: 5, storage: { size: "10Gi" }, bootstrap: { restore: SNAPSHOT } });
});

test("a snapshot without a known checksum is restored without one", () => {
  const { spec } = restoredCluster(etcdRestore(), { storeRef: { name: "s" }, key: "foreign.db" });
  expect(spec.bootstrap.restore).toEqual({ storeRef: { name: "s" }, key: "foreign.db" });
});
