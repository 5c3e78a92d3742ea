import type { EtcdBackup } from "../../../operator/types/etcd-backup.ts";
import type { EtcdRestore } from "../../../operator/types/etcd-restore.ts";
import { waitUntil } from "../../support/wait-until.ts";
import type { Scenario } from "../harness/scenario.ts";
import { readAppended } from "../observer/appending-client.ts";

const LIMIT_MS = 240_000;
const KEYS = 200;

/** A backup to S3, and a second cluster out of it. */
export const backUpAndRestore: Scenario = {
  id: "backup",
  title: "a backup to S3, restored into a second cluster",
  needsS3: true,
  run: async (test) => {
    const source = await test.createCluster("x", { replicas: 3 });
    await source.settled(3);
    await waitUntil(
      "there is something to back up",
      () => (source.observer.writer.writes.length >= KEYS ? true : undefined),
      { timeoutMs: 60_000 },
    );
    const { clusterID: sourceId } = await source.status();
    const startMs = performance.now();
    const seconds = (): string => `${((performance.now() - startMs) / 1000).toFixed(1)} s`;
    await test.apply(kvorum("EtcdBackup", "first", { clusterRef: { name: "x" }, storeRef: { name: "s3" } }));
    const backup = await waitUntil(
      "the backup is verified",
      async () => {
        const found = await test.objects.custom<EtcdBackup>("etcdbackups", "first");
        if (found?.status?.phase === "Failed") throw new Error(`the backup failed: ${found.status.message ?? ""}`);
        return found?.status?.phase === "Verified" ? found.status : undefined;
      },
      { timeoutMs: LIMIT_MS, everyMs: 500 },
    );
    const { revision = 0, hashKV, sha256, uri } = backup;
    test.check(
      sha256 !== undefined && hashKV !== undefined && revision > 0,
      `Verified after ${seconds()}: revision ${String(revision)}, ${String(backup.sizeBytes)} bytes at ${String(uri)}`,
    );
    const [member] = await source.serving();
    const hash = await member?.client.maintenance.hashKV({ revision: BigInt(revision) });
    test.check(hash?.hash === hashKV, `its HashKV is the source's at that revision (${String(hashKV)})`);
    await test.judge(source);

    await test.apply(
      kvorum("EtcdRestore", "again", {
        source: { backupRef: { name: "first" } },
        clusterName: "y",
        template: { replicas: 3, storage: { size: "1Gi" }, image: { pullPolicy: "Never" } },
      }),
    );
    // It writes nothing: the data have to be the backup's.
    const copy = test.observe("y", 0);
    const restore = await waitUntil(
      "the restore is complete",
      async () => {
        const found = await test.objects.custom<EtcdRestore>("etcdrestores", "again");
        if (found?.status?.phase === "Failed") throw new Error(`the restore failed: ${found.status.message ?? ""}`);
        return found?.status?.phase === "Completed" ? found.status : undefined;
      },
      { timeoutMs: LIMIT_MS, everyMs: 500 },
    );
    test.check(
      restore.restoredRevision === revision,
      `restored after ${seconds()} at revision ${String(restore.restoredRevision)}`,
    );
    await copy.settled(3);
    const restored = await copy.serving();
    for (const { name, client } of restored) {
      const answer = await client.maintenance.hashKV({ revision: BigInt(revision) });
      test.check(
        answer.hash === hashKV,
        `${name} has the same HashKV at revision ${String(revision)}: ${String(answer.hash)}`,
      );
    }
    const [first] = restored;
    const found = first ? await readAppended(first.client) : new Map<string, never>();
    const due = source.observer.writer.writes.filter((write) => write.revision <= revision);
    const lost = due.filter(({ key, revision: at }) => found.get(key)?.modRevision !== at);
    test.check(
      lost.length === 0 && due.length >= KEYS,
      `all ${String(due.length)} writes up to there are in it, with their revisions`,
    );
    const { clusterID } = await copy.status();
    test.check(clusterID !== undefined && clusterID !== sourceId, `it is a cluster of its own: ${String(clusterID)}`);
  },
};

function kvorum(kind: string, name: string, spec: object): object {
  return { apiVersion: "kvorum.io/v1alpha1", kind, metadata: { name }, spec };
}
