import type { EtcdBackup } from "../../../operator/types/etcd-backup.ts";
import { waitUntil } from "../../support/wait-until.ts";
import type { Scenario } from "../harness/scenario.ts";

const FAILPOINT = "after-create-backup-job";

/** I8 for a backup: the Job outlives the operator, and the operator after it takes its result. */
export const killedDuringBackup: Scenario = {
  id: "kill-backup",
  title: `a backup; the operator is killed ${FAILPOINT}`,
  needsS3: true,
  run: async (test) => {
    const cluster = await test.createCluster("x", { replicas: 1 });
    await cluster.settled(1);
    const spec = { clusterRef: { name: "x" }, storeRef: { name: "s3" } };
    try {
      await test.operator.arm(FAILPOINT);
      await test.apply({ apiVersion: "kvorum.io/v1alpha1", kind: "EtcdBackup", metadata: { name: "first" }, spec });
      const restarts = await test.operator.untilKilled();
      test.check(true, `the operator was killed ${FAILPOINT} (restarts: ${String(restarts)})`);
    } finally {
      await test.operator.arm(undefined);
    }
    const backup = await waitUntil(
      "the backup is verified",
      async () => {
        const found = await test.objects.custom<EtcdBackup>("etcdbackups", "first");
        if (found?.status?.phase === "Failed") throw new Error(`the backup failed: ${found.status.message ?? ""}`);
        return found?.status?.phase === "Verified" ? found.status : undefined;
      },
      { timeoutMs: 180_000, everyMs: 500 },
    );
    test.check(true, `I8 it ends Verified all the same, at revision ${String(backup.revision)}`);
    const started = await test.objects.events("first");
    const uploads = started.filter(({ reason }) => reason === "BackupCompleted").length;
    test.check(uploads === 1, `it was stored once (BackupCompleted: ${String(uploads)})`);
  },
};
