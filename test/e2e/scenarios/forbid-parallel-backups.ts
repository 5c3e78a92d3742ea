import type { EtcdBackupSchedule } from "../../../operator/types/etcd-backup-schedule.ts";
import { waitUntil } from "../../support/wait-until.ts";
import type { Scenario } from "../harness/scenario.ts";

const SKIPPED = 2;

/** A backup takes longer than the schedule's minute: the next ones are skipped, and counted. */
export const forbidParallelBackups: Scenario = {
  id: "32",
  title: "a schedule of every minute while a backup takes three",
  needsS3: true,
  run: async (test) => {
    const cluster = await test.createCluster("x", { replicas: 1 });
    await cluster.settled(1);
    const pods = (await test.kubectl("get", "pods", "--output=name")).trim().split("\n").length;
    // A backup without room for its pod takes as long as we like.
    await test.apply({
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "full" },
      spec: { hard: { pods: String(pods) } },
    });
    await test.apply({
      apiVersion: "kvorum.io/v1alpha1",
      kind: "EtcdBackupSchedule",
      metadata: { name: "often" },
      spec: { clusterRef: { name: "x" }, storeRef: { name: "s3" }, schedule: "* * * * *", immediate: true },
    });
    const schedule = (): Promise<EtcdBackupSchedule | undefined> =>
      test.objects.custom<EtcdBackupSchedule>("etcdbackupschedules", "often");
    let most = 0;
    const status = await waitUntil(
      "two runs are skipped",
      async () => {
        most = Math.max(most, (await test.objects.backups()).length);
        const found = (await schedule())?.status;
        return (found?.skippedRuns ?? 0) >= SKIPPED ? found : undefined;
      },
      { timeoutMs: 200_000, everyMs: 1000 },
    );
    test.check(
      true,
      `${String(status.skippedRuns)} runs were skipped while ${status.active?.map(({ name }) => name).join(", ") ?? "none"} ran`,
    );
    test.check(most === 1, `there never was more than one backup (${String(most)})`);
    await test.kubectl("patch", "etcdbackupschedule", "often", "--type=merge", '--patch={"spec":{"suspend":true}}');
    await test.kubectl("delete", "resourcequota", "full");
    const backup = await waitUntil(
      "the backup is verified",
      async () => (await test.objects.backups()).find((each) => each.status?.phase === "Verified"),
      { timeoutMs: 200_000, everyMs: 1000 },
    );
    test.check(true, `with room for its pod it ends Verified at revision ${String(backup.status?.revision)}`);
    const available = await test.kubectl("wait", "--for=condition=Available", "etcdcluster/x", "--timeout=5s");
    test.check(available.includes("condition met"), "the cluster is Available all the while");
  },
};
