import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { JobError, type JobErrorCode } from "../../../../operator/backup/job-error.ts";
import { failedResult, type JobResult } from "../../../../operator/backup/job-result.ts";
import type { ControllerWorld } from "../../../../operator/controllers/controller-world.ts";
import { EtcdRestoreController } from "../../../../operator/controllers/etcd-restore-controller.ts";
import type { EtcdRestoreSpecInput } from "../../../../operator/types/etcd-restore.ts";
import { BUCKET, etcdBackup, etcdBackupStore, etcdCluster, etcdRestore } from "../../../support/operator-objects.ts";
import type { JsonObject } from "../../../support/fake-kube/json-object.ts";
import { BackupWorld } from "./backup-world.ts";

const KEY = "ns/x/u/b/snapshot.db";
const SHA256 = "ab".repeat(32);

let it: BackupWorld;
beforeEach(async () => {
  it = await BackupWorld.start();
});
afterEach(() => it.stop());

const make = (world: ControllerWorld) => new EtcdRestoreController(world);
const drive = () => it.drive(make(it.world), "ns/r");
const status = () => it.status("restores", "r");
const otherWrites = () => it.harness.kube.writes.filter(({ resource }) => !/etcdrestores|events/.test(resource));
const message = () => String(status()["message"]);
const condition = (type: string) => it.condition("restores", "r", type);

async function storedBackup(change: JsonObject = {}): Promise<void> {
  await it.put("stores", etcdBackupStore(BUCKET));
  const done = { phase: "Verified", key: KEY, sha256: SHA256, revision: 900, clusterID: "cdf8", ...change };
  await it.put("backups", { ...etcdBackup(), status: done } as never);
}

async function restore(spec: Partial<EtcdRestoreSpecInput> = {}): Promise<void> {
  await it.put("restores", etcdRestore(spec));
}

/** The seed's pod with the state of the container that fetches. */
async function seed(container: JsonObject): Promise<void> {
  if (it.find("pods", "y-0")) await it.delete("pods", "y-0");
  await it.put("pods", {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: "y-0",
      labels: { "app.kubernetes.io/managed-by": "kvorum-operator", "kvorum.io/cluster": "y" },
    },
    status: { initContainerStatuses: [{ name: "restore", ...container }] },
  } as never);
}

const ended = (result: JobResult): JsonObject => ({
  terminated: { exitCode: result.ok ? 0 : 2, message: `${JSON.stringify(result)}\n` },
});
const fetched = (change: JsonObject = {}): JsonObject => {
  const result = { ok: true, command: "restore-fetch", outcome: "Restored", revision: 900, ...change };
  return { state: ended(result as never) };
};
const failed = (code: JobErrorCode, text: string): JsonObject => ended(failedResult(new JobError(code, text)));

async function clusterIs(change: JsonObject, conditions: Readonly<Record<string, string>> = {}): Promise<void> {
  it.setStatus("clusters", "y", {
    observedGeneration: it.get("clusters", "y").metadata.generation,
    ...change,
    conditions: Object.entries(conditions).map(([type, text]) => {
      const [value, reason, ...words] = text.split(" ");
      return { type, status: value, reason, message: words.join(" "), lastTransitionTime: "2026-11-01T10:00:00Z" };
    }),
  });
  await it.caughtUp();
}

describe("a restore", () => {
  test("makes the cluster from the backup and follows it until it is whole", async () => {
    await storedBackup();
    await restore({ template: { replicas: 3, storage: { size: "2Gi" } } });
    await drive();
    expect(it.get("clusters", "y")).toMatchObject({
      metadata: {
        labels: { "kvorum.io/restore": "r" },
        annotations: { "kvorum.io/restore-uid": it.get("restores", "r").metadata.uid },
      },
      spec: {
        replicas: 3,
        storage: { size: "2Gi" },
        bootstrap: { restore: { storeRef: { name: "s" }, key: KEY, sha256: SHA256 } },
      },
    });
    expect(status()).toMatchObject({
      phase: "Fetching",
      clusterUID: it.get("clusters", "y").metadata.uid,
      snapshot: { storeRef: { name: "s" }, key: KEY, sha256: SHA256, revision: 900, clusterID: "cdf8" },
    });
    await seed({ state: { running: {} } });
    await drive();
    expect(status()["phase"]).toBe("Fetching");
    await seed(fetched());
    await drive();
    expect(status()).toMatchObject({ phase: "Seeding", restoredRevision: 900 });
    await clusterIs(
      { clusterID: "aa", readyReplicas: 1, voters: 1 },
      { Available: "True ClusterAvailable", Progressing: "True ScalingUp y-1 joins" },
    );
    await drive();
    expect(status()).toMatchObject({
      phase: "Joining",
      message: expect.stringContaining("y: 1 of 3 members serve (y-1 joins) (since "),
    });
    expect(condition("Complete")).toBe("False Joining");
    await clusterIs({ clusterID: "aa", readyReplicas: 3, voters: 3 }, { Available: "True ClusterAvailable" });
    await drive();
    expect(status()).toMatchObject({
      phase: "Completed",
      restoredRevision: 900,
      message: "EtcdCluster y is available with revision 900",
    });
    expect(condition("Complete")).toBe("True RestoreCompleted");
    expect(await it.reasons()).toEqual(["RestoreStarted", "RestoreCompleted"]);
    const before = it.writes;
    await drive();
    expect(it.writes).toBe(before);
  });

  test("takes any snapshot of a store, and learns its revision from the pod that fetches it", async () => {
    await it.put("stores", etcdBackupStore(BUCKET));
    await restore({ source: { snapshot: { storeRef: { name: "s" }, key: "from-etcd.db" } } });
    await drive();
    expect(it.get("clusters", "y")["spec"]).toMatchObject({
      bootstrap: { restore: { storeRef: { name: "s" }, key: "from-etcd.db" } },
    });
    await seed(fetched({ revision: 4711 }));
    await drive();
    expect(status()["restoredRevision"]).toBe(4711);
    await it.delete("pods", "y-0");
    await clusterIs({ clusterID: "aa", readyReplicas: 3, voters: 3 }, { Available: "True ClusterAvailable" });
    await drive();
    expect(status()).toMatchObject({ phase: "Completed", restoredRevision: 4711 });
  });

  test("waits for a backup that is still being taken, and says so", async () => {
    await storedBackup({ phase: "Running", message: "the Job runs" });
    await restore();
    await drive();
    expect(condition("Complete")).toBe("False BackupNotComplete");
    expect(message()).toContain("EtcdBackup b is not complete yet: the Job runs (since ");
    it.setStatus("backups", "b", { phase: "Verified", key: KEY });
    await it.caughtUp();
    await drive();
    expect(it.names("clusters")).toEqual(["y"]);
  });

  test("waits a while for what is applied together with it", async () => {
    await restore();
    await drive();
    expect(condition("Complete")).toBe("False BackupNotFound");
    it.harness.clock.advance(20_000);
    await storedBackup();
    await drive();
    expect(status()["phase"]).toBe("Fetching");
  });

  test("goes on when the backup goes after its snapshot was resolved", async () => {
    await storedBackup();
    await restore();
    const controller = make(it.world);
    for (let step = 0; step < 2; step++) await controller.reconcile("ns/r");
    await it.delete("backups", "b");
    await drive();
    expect(it.get("clusters", "y")["spec"]).toMatchObject({ bootstrap: { restore: { key: KEY } } });
  });
});

describe("a restore fails and touches nothing", () => {
  test.each<readonly [what: string, reason: string, words: string, arrange: () => Promise<unknown>]>([
    [
      "without a backup of that name",
      "BackupNotFound",
      "there is no EtcdBackup b in namespace ns: make it, and write another EtcdRestore",
      () => it.put("stores", etcdBackupStore(BUCKET)),
    ],
    [
      "without a store of that name",
      "StoreNotFound",
      "there is no EtcdBackupStore s in namespace ns",
      () => it.put("backups", { ...etcdBackup(), status: { phase: "Verified", key: KEY } } as never),
    ],
    [
      "from a backup that failed",
      "BackupFailed",
      "EtcdBackup b failed, there is nothing to restore: no store",
      () => storedBackup({ phase: "Failed", message: "no store" }),
    ],
    [
      "where a cluster of that name exists",
      "ClusterExists",
      "there is an EtcdCluster y already, which this restore did not make",
      async () => {
        await storedBackup();
        await it.put("clusters", etcdCluster({}, "y"));
      },
    ],
    [
      "where an earlier cluster has left its claims",
      "ClaimsExist",
      "an earlier EtcdCluster y has left data-y-0, data-y-1, which are not touched",
      async () => {
        await storedBackup();
        for (const name of ["data-y-1", "data-y-0"]) {
          const labels = {
            "app.kubernetes.io/managed-by": "kvorum-operator",
            "kvorum.io/cluster": "y",
            "kvorum.io/cluster-uid": "earlier",
          };
          await it.put("claims", {
            apiVersion: "v1",
            kind: "PersistentVolumeClaim",
            metadata: { name, labels },
          } as never);
        }
      },
    ],
  ])("%s", async (_what, reason, words, arrange) => {
    await arrange();
    await restore();
    const before = otherWrites().length;
    await drive();
    it.harness.clock.advance(31_000);
    await drive();
    expect(status()["phase"]).toBe("Failed");
    expect(condition("Failed")).toBe(`True ${reason}`);
    expect(condition("Complete")).toBe("False RestoreFailed");
    expect(message()).toContain(words);
    expect(otherWrites()).toHaveLength(before);
    expect(await it.reasons()).toEqual(["RestoreStarted", "RestoreFailed"]);
  });

  test("into a cluster without members", async () => {
    await storedBackup();
    await restore({ template: { replicas: 0 } });
    await drive();
    expect(condition("Failed")).toBe("True NoMembers");
    expect(otherWrites()).toEqual([]);
  });

  test("with a template that the API server refuses, in its words", async () => {
    await storedBackup();
    await restore();
    const body = JSON.stringify({ kind: "Status", reason: "Invalid", message: "spec.storage.size: no" });
    it.harness.kube.fail(({ verb, resource }) =>
      verb === "create" && resource.endsWith("etcdclusters") ? { kind: "status", code: 422, body } : undefined,
    );
    await drive();
    expect(condition("Failed")).toBe("True ClusterRefused");
    expect(message()).toContain("spec.storage.size: no");
  });

  test("not for a quota, which may change", async () => {
    await storedBackup();
    await restore();
    it.harness.kube.fail(({ verb, resource }) =>
      verb === "create" && resource.endsWith("etcdclusters")
        ? { kind: "status", code: 403, reason: "Forbidden" }
        : undefined,
    );
    await drive();
    expect(condition("Complete")).toBe("False ClusterRefused");
    it.harness.kube.heal();
    await drive();
    expect(status()["phase"]).toBe("Fetching");
  });
});

describe("a restore whose cluster is made", () => {
  beforeEach(async () => {
    await storedBackup();
    await restore();
    await drive();
  });

  test.each<readonly [code: JobErrorCode, sentence: string]>([
    ["Damaged", "snapshot.db in s3://backups is damaged: page 7; take another backup"],
    ["BackupNotFound", "there is no snapshot.db in s3://backups; correct the key, or take another backup"],
    ["Foreign", "snapshot.db in s3://backups is another backup"],
    ["StoreRefused", "s3://backups refuses the access key"],
  ])("fails with the sentence of the pod that fetches: %s", async (code, sentence) => {
    await seed({ state: { waiting: { reason: "CrashLoopBackOff" } }, lastState: failed(code, sentence) });
    await drive();
    expect(condition("Failed")).toBe(`True ${code}`);
    expect(message()).toBe(
      `${sentence}. EtcdCluster y, which was made for it, has no data: delete it and its claims, then write another EtcdRestore`,
    );
    expect(it.names("clusters")).toEqual(["y"]);
    expect((await it.events()).at(-1)).toContain(sentence);
  });

  test("goes on trying while the store does not answer, for an hour", async () => {
    await seed({ state: { running: {} }, lastState: failed("StoreUnreachable", "s3://backups does not answer") });
    await drive();
    expect(status()).toMatchObject({ phase: "Fetching" });
    expect(condition("Complete")).toBe("False StoreUnreachable");
    expect(message()).toContain("y-0 tries again to fetch the snapshot: s3://backups does not answer");
    it.harness.clock.advance(3_600_000);
    await drive();
    expect(condition("Failed")).toBe("True StoreUnreachable");
  });

  test.each<readonly [what: string, container: JsonObject, words: string]>([
    [
      "the image",
      { state: { waiting: { reason: "ImagePullBackOff", message: "no such image" } } },
      "the fetch in y-0 cannot begin: no such image",
    ],
    [
      "a Secret",
      { state: { waiting: { reason: "CreateContainerConfigError", message: 'secret "keys" not found' } } },
      'the fetch in y-0 cannot begin: secret "keys" not found',
    ],
    [
      "memory",
      {
        state: { waiting: { reason: "CrashLoopBackOff" } },
        lastState: { terminated: { exitCode: 137, reason: "OOMKilled" } },
      },
      "the fetch in y-0 ended with OOMKilled (exit code 137)",
    ],
  ])("says what the seed lacks: %s", async (_what, container, words) => {
    await seed(container);
    await drive();
    expect(message()).toContain(words);
    expect(status()["phase"]).toBe("Fetching");
  });

  test("says what can be said of a very long sentence, once", async () => {
    await seed({ state: { running: {} }, lastState: failed("StoreUnreachable", "x".repeat(4000)) });
    await drive();
    const before = it.writes;
    it.harness.clock.advance(60_000);
    await drive();
    expect(it.writes).toBe(before);
    expect(message().length).toBeLessThan(2100);
  });

  test("fails if the seed got a volume of somebody else", async () => {
    await clusterIs({}, { Degraded: "True ForeignVolume y-0 has a volume of cluster u" });
    await drive();
    expect(condition("Failed")).toBe("True VolumeOccupied");
    expect(message()).toContain("y-0 has a volume of cluster u");
  });

  test("fails if its cluster is deleted, and does not touch one that comes after it", async () => {
    await it.delete("clusters", "y");
    await it.put("clusters", etcdCluster({}, "y"));
    await drive();
    expect(condition("Failed")).toBe("True ClusterDeleted");
    expect(it.get("clusters", "y").metadata.generation).toBe(1);
  });

  test("is not complete before the status is about the cluster as it is", async () => {
    const whole = { clusterID: "aa", readyReplicas: 3, voters: 3 };
    await clusterIs({ ...whole, observedGeneration: 0 }, { Available: "True ClusterAvailable" });
    await drive();
    expect(status()["phase"]).toBe("Joining");
    await clusterIs(whole, { Available: "False QuorumLost" });
    await drive();
    expect(status()["phase"]).toBe("Joining");
    await clusterIs({ ...whole, voters: 2 }, { Available: "True ClusterAvailable" });
    await drive();
    expect(status()["phase"]).toBe("Joining");
  });
});

describe("whatever happens on the way", () => {
  test("a process that ends after it made the cluster takes it for its own", async () => {
    await storedBackup();
    await restore();
    await it.crashAt("after-create-restored-cluster", make, "ns/r");
    expect(status()).toMatchObject({ phase: "Fetching", clusterUID: it.get("clusters", "y").metadata.uid });
    const creates = it.harness.kube.callsOf("create").filter(({ resource }) => resource.endsWith("etcdclusters"));
    expect(creates).toHaveLength(1);
  });

  test("what the pod of an earlier cluster of that name says does not count", async () => {
    await seed({ state: failed("Damaged", "of long ago") });
    vi.setSystemTime(it.nowMs + 5000);
    await storedBackup();
    await restore();
    await drive();
    expect(status()["phase"]).toBe("Fetching");
    expect(message()).not.toContain("of long ago");
  });

  test("somebody else's cluster that came first is left alone", async () => {
    await storedBackup();
    await restore();
    const controller = make(it.world);
    for (let step = 0; step < 2; step++) await controller.reconcile("ns/r");
    await it.caughtUp();
    // Not in the cache yet when the restore makes its own.
    const at = {
      resource: "kvorum.io/v1alpha1/etcdclusters",
      apiVersion: "",
      namespace: "ns",
      name: "y",
      subresource: undefined,
    };
    it.harness.kube.store.create(at, etcdCluster({}, "y") as never, { manager: "somebody", isStatus: false });
    await controller.reconcile("ns/r");
    await drive();
    expect(condition("Failed")).toBe("True ClusterExists");
    expect(it.get("clusters", "y").metadata.generation).toBe(1);
  });

  test("a conflict at every write comes to the same end", async () => {
    it.conflictOnce();
    await storedBackup();
    await restore();
    const { conflicts } = await drive();
    expect(conflicts).toBeGreaterThan(1);
    await seed(fetched());
    await clusterIs({ clusterID: "aa", readyReplicas: 3, voters: 3 }, { Available: "True ClusterAvailable" });
    await drive();
    expect(status()).toMatchObject({ phase: "Completed", restoredRevision: 900 });
    expect(await it.reasons()).toEqual(["RestoreStarted", "RestoreCompleted"]);
  });
});
