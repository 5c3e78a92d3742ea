import { waitUntil } from "../../support/wait-until.ts";
import type { Scenario } from "../harness/scenario.ts";
import type { TestCase } from "../harness/test-case.ts";

const GONE_LIMIT_MS = 180_000;

/** Clusters are deleted under each policy. */
export const deleteCluster: Scenario = {
  id: "38",
  title: "delete clusters that say Retain, Delete and SnapshotThenDelete",
  needsS3: true,
  run: async (test) => {
    const keep = await test.createCluster("keep", { replicas: 3, deletionPolicy: "Retain" });
    const drop = await test.createCluster("drop", { replicas: 1, deletionPolicy: "Delete" });
    const finalBackup = { storeRef: { name: "s3" } };
    const save = await test.createCluster("save", { replicas: 1, deletionPolicy: "SnapshotThenDelete", finalBackup });
    await keep.settled(3);
    for (const cluster of [drop, save]) await cluster.settled(1);
    const retained = await keep.claims();
    for (const cluster of [keep, drop, save]) await test.judge(cluster);

    test.check(true, `Retain: gone in ${await remove(test, "keep")}`);
    const kept = new Set((await test.objects.claims("keep")).map(({ metadata }) => metadata.uid));
    test.check(
      [...retained.values()].every((uid) => kept.has(uid)),
      `its ${String(kept.size)} claims are kept`,
    );

    test.check(true, `Delete: gone in ${await remove(test, "drop")}`);
    test.check(await claimsGo(test, "drop"), "its claim is deleted");

    test.check(true, `SnapshotThenDelete: gone in ${await remove(test, "save")}`);
    const [backup] = (await test.objects.backups()).filter(({ spec }) => spec.clusterRef.name === "save");
    const phase = backup?.status?.phase ?? "none";
    test.check(
      phase === "Verified" || phase === "Completed",
      `a last backup was taken: ${backup?.metadata.name ?? ""} ${phase}`,
    );
    test.check(await claimsGo(test, "save"), "then its claim is deleted");

    await test.apply({
      apiVersion: "kvorum.io/v1alpha1",
      kind: "EtcdCluster",
      metadata: { name: "dead" },
      spec: {
        replicas: 3,
        deletionPolicy: "Delete",
        image: { repository: "localhost/there-is-none", pullPolicy: "Never" },
        storage: { size: "1Gi" },
      },
    });
    await waitUntil("a pod of it is made", async () => (await test.objects.pods("dead"))[0]);
    test.check(true, `one that never ran: gone in ${await remove(test, "dead")}`);
    test.check(await claimsGo(test, "dead"), "its claims are deleted");
  },
};

async function remove(test: TestCase, name: string): Promise<string> {
  const startMs = performance.now();
  await test.kubectl("delete", "etcdcluster", name, "--wait=false");
  await waitUntil(
    `${name}, its StatefulSet and its pods are gone`,
    async () => {
      const [cluster, statefulSet, pods] = await Promise.all([
        test.objects.cluster(name),
        test.objects.statefulSet(name),
        test.objects.pods(name),
      ]);
      return cluster === undefined && statefulSet === undefined && pods.length === 0 ? true : undefined;
    },
    { timeoutMs: GONE_LIMIT_MS, everyMs: 300 },
  );
  return `${((performance.now() - startMs) / 1000).toFixed(1)} s`;
}

async function claimsGo(test: TestCase, name: string): Promise<boolean> {
  const gone = async (): Promise<true | undefined> =>
    (await test.objects.claims(name)).length === 0 ? true : undefined;
  return waitUntil(`the claims of ${name} are gone`, gone, { timeoutMs: 60_000 }).catch(() => false);
}
