import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { EtcdBackupController } from "../../../../operator/controllers/etcd-backup-controller.ts";
import type { ControllerWorld } from "../../../../operator/controllers/controller-world.ts";
import { failedResult } from "../../../../operator/backup/job-result.ts";
import { JobError } from "../../../../operator/backup/job-error.ts";
import { BUCKET, etcdBackup, etcdBackupStore, etcdCluster } from "../../../support/operator-objects.ts";
import type { JsonObject } from "../../../support/fake-kube/json-object.ts";
import { BackupWorld, healthyStatus, uploaded } from "./backup-world.ts";

let it: BackupWorld;
let clusterUid: string;
beforeEach(async () => {
  it = await BackupWorld.start();
});
afterEach(() => it.stop());

const make = (world: ControllerWorld) => new EtcdBackupController(world);
const drive = () => it.drive(make(it.world), "ns/b");
const status = () => it.status("backups", "b");
const isGone = () => it.find("backups", "b") === undefined;
const words = (code: "StoreRefused" | "StoreUnreachable", text: string) => failedResult(new JobError(code, text));
const condition = (type: string) => it.condition("backups", "b", type);

async function clusterAndStore(): Promise<void> {
  await it.put("stores", etcdBackupStore(BUCKET));
  const cluster = await it.put("clusters", { ...etcdCluster(), status: healthyStatus() } as never);
  clusterUid = cluster.metadata.uid;
}

async function backup(deletionPolicy: "Retain" | "Delete" = "Retain"): Promise<void> {
  await it.put("backups", etcdBackup({ deletionPolicy }));
}

async function uploadSucceeds(): Promise<void> {
  await it.jobPodEnds("b-upload", uploaded("b", clusterUid));
  await it.jobEnds("b-upload", "Complete");
}

describe("a backup", () => {
  test("is taken from the furthest healthy follower, in a Job, and says what it holds", async () => {
    await clusterAndStore();
    await backup();
    await drive();
    expect(status()).toMatchObject({ phase: "Running", member: "x-2", clusterUID: clusterUid, observedGeneration: 1 });
    const job = JSON.stringify(it.get("jobs", "b-upload"));
    const urls = ["x-2", "x-0", "x-1"].map((pod) => `http://${pod}.x-peers.ns.svc:2379`).join(",");
    expect(job).toContain(`--endpoint=${urls}`);
    expect(job).toContain(`--key=ns/x/${clusterUid}/b/snapshot.db`);
    expect(job).toContain(`--cluster-id=cdf818194e3a8c32`);
    expect(it.get("backups", "b").metadata.finalizers ?? []).toEqual([]);

    await uploadSucceeds();
    await drive();
    expect(status()).toMatchObject({
      phase: "Verified",
      member: "x-2",
      key: `ns/x/${clusterUid}/b/snapshot.db`,
      uri: `s3://backups/team/ns/x/${clusterUid}/b/snapshot.db`,
      clusterID: "cdf818194e3a8c32",
      revision: 900,
      raftTerm: 4,
      hashKV: 4_294_967_295,
      sha256: "ab".repeat(32),
      sizeBytes: 24_576,
      serverVersion: "0.2.0",
      startedAt: "2026-11-01T10:00:00Z",
      completedAt: "2026-11-01T10:00:05Z",
      verifiedAt: "2026-11-01T10:00:07Z",
    });
    expect(condition("Complete")).toBe("True BackupCompleted");
    expect(condition("Verified")).toBe("True BackupVerified");
    expect(condition("Failed")).toBe("False NotFailed");
    expect(await it.reasons()).toEqual(["BackupStarted", "BackupCompleted", "BackupVerified"]);
  });

  test("costs no write once it is done", async () => {
    await clusterAndStore();
    await backup();
    await drive();
    await uploadSucceeds();
    await drive();
    const before = it.writes;
    await drive();
    expect(it.writes).toBe(before);
  });

  test.each<readonly [what: string, reason: string, arrange: () => Promise<unknown>]>([
    [
      "a store",
      "StoreNotFound",
      async () => it.put("clusters", { ...etcdCluster(), status: healthyStatus() } as never),
    ],
    ["a cluster", "ClusterNotFound", async () => it.put("stores", etcdBackupStore(BUCKET))],
    [
      "the first member",
      "NotFounded",
      async () => {
        await it.put("stores", etcdBackupStore(BUCKET));
        await it.put("clusters", etcdCluster());
      },
    ],
    [
      "a quorum",
      "QuorumLost",
      async () => {
        await it.put("stores", etcdBackupStore(BUCKET));
        const lost = {
          ...healthyStatus(),
          conditions: [{ type: "QuorumHealthy", status: "False", message: "1 of 3" }],
        };
        await it.put("clusters", { ...etcdCluster(), status: lost } as never);
      },
    ],
  ])("waits for %s, says so and since when, and begins as soon as it is there", async (_what, reason, arrange) => {
    await arrange();
    await backup();
    const { result } = await drive();
    expect(condition("Complete")).toBe(`False ${reason}`);
    expect(status()).toMatchObject({ phase: "Pending", message: expect.stringMatching(/since \d{4}-/) });
    expect(result?.requeueAfterMs).toBeGreaterThan(0);
    expect(it.names("jobs")).toEqual([]);
    const { message } = status();
    it.harness.clock.advance(60_000);
    await drive();
    expect(status()["message"]).toBe(message);

    if (!it.find("stores", "s")) await it.put("stores", etcdBackupStore(BUCKET));
    if (!it.find("clusters", "x")) await it.put("clusters", etcdCluster());
    it.setStatus("clusters", "x", healthyStatus());
    await it.caughtUp();
    await drive();
    expect(status()["phase"]).toBe("Running");
  });

  test("falls back to the leader if no follower is healthy", async () => {
    await clusterAndStore();
    const lone = healthyStatus();
    lone["members"] = (lone["members"] as JsonObject[]).map((member) => ({
      ...member,
      healthy: member["name"] === "x-1",
    }));
    it.setStatus("clusters", "x", lone);
    await it.caughtUp();
    await backup();
    await drive();
    expect(status()["member"]).toBe("x-1");
  });

  test("is of the cluster that is there when its Job is made, not of one that was there before", async () => {
    await clusterAndStore();
    await backup();
    const controller = make(it.world);
    await controller.reconcile("ns/b");
    expect(status()).toMatchObject({ phase: "Pending", clusterUID: clusterUid });
    await it.caughtUp();
    await it.delete("clusters", "x");
    const next = await it.put("clusters", { ...etcdCluster(), status: healthyStatus() } as never);
    await drive();
    expect(status()["key"]).toBe(`ns/x/${next.metadata.uid}/b/snapshot.db`);
  });
});

describe("a backup fails with the sentence of its Job", () => {
  beforeEach(async () => {
    await clusterAndStore();
    await backup();
    await drive();
  });

  test("at once if only a person can mend it, and the Job tries no more", async () => {
    await it.jobPodEnds("b-upload", words("StoreRefused", "s3://backups refuses the access key: correct the Secret"));
    await drive();
    expect(status()).toMatchObject({
      phase: "Failed",
      message: "s3://backups refuses the access key: correct the Secret",
    });
    expect(condition("Failed")).toBe("True StoreRefused");
    expect(condition("Complete")).toBe("False BackupFailed");
    expect(it.names("jobs")).toEqual([]);
    expect(await it.events()).toContain("BackupFailed: s3://backups refuses the access key: correct the Secret");
  });

  test("after its tries if it might have passed; until then it runs and says what is the matter", async () => {
    await it.jobPodEnds("b-upload", words("StoreUnreachable", "s3://backups does not answer"));
    await drive();
    expect(status()).toMatchObject({
      phase: "Running",
      message: expect.stringContaining("comes again: s3://backups does not answer"),
    });
    expect(condition("Failed")).toBe("False StoreUnreachable");
    await it.jobEnds("b-upload", "Failed", "BackoffLimitExceeded", 4);
    await drive();
    expect(status()).toMatchObject({ phase: "Failed", message: "s3://backups does not answer (tried 4 times)" });
    expect(condition("Failed")).toBe("True StoreUnreachable");
    expect(it.names("jobs")).toEqual(["b-upload"]);
  });

  test("if its pod was evicted", async () => {
    await it.jobPod("b-upload", {}, { phase: "Failed", reason: "Evicted", message: "The node was low on resource" });
    await it.jobEnds("b-upload", "Failed", "BackoffLimitExceeded", 1);
    await drive();
    expect(status()["message"]).toMatch(/^the pod b-upload-\S+: The node was low on resource$/);
    expect(condition("Failed")).toBe("True Evicted");
  });

  test("cut to what a status can hold if it is very long", async () => {
    await it.jobPodEnds("b-upload", "x".repeat(4096));
    await drive();
    expect(String(status()["message"]).length).toBeLessThan(2100);
    await it.jobEnds("b-upload", "Failed", "BackoffLimitExceeded", 4);
    await drive();
    expect(String(status()["message"]).length).toBeLessThan(2100);
    expect(JSON.stringify(status()["conditions"])).not.toContain("x".repeat(2100));
  });

  test("if it took too long", async () => {
    await it.jobEnds("b-upload", "Failed", "DeadlineExceeded");
    it.harness.clock.advance(20_000);
    await drive();
    expect(status()["message"]).toBe("the Job b-upload did not end within 21600 seconds");
    expect(condition("Failed")).toBe("True DeadlineExceeded");
  });

  test("if its Job is deleted twice; the first time it is begun again", async () => {
    await it.delete("jobs", "b-upload");
    await drive();
    expect(it.names("jobs")).toEqual(["b-upload"]);
    expect(status()["phase"]).toBe("Running");
    expect(condition("Failed")).toBe("False JobLost");
    await it.delete("jobs", "b-upload");
    await drive();
    expect(status()["phase"]).toBe("Failed");
    expect(condition("Failed")).toBe("True JobLost");
    expect(it.names("jobs")).toEqual([]);
  });

  test("not if only the result is lost: another Job finds what is stored", async () => {
    await it.jobEnds("b-upload", "Complete");
    await drive();
    expect(status()["phase"]).toBe("Running");
    it.harness.clock.advance(20_000);
    await drive();
    expect(status()["phase"]).toBe("Running");
    await uploadSucceeds();
    await drive();
    expect(status()).toMatchObject({ phase: "Verified", revision: 900 });
  });
});

describe("old Jobs", () => {
  test("go an hour after the backup succeeded", async () => {
    await clusterAndStore();
    await backup();
    await drive();
    const now = new Date(it.nowMs).toISOString();
    await it.jobPodEnds("b-upload", uploaded("b", clusterUid, { completedAt: now }));
    await it.jobEnds("b-upload", "Complete");
    const { result } = await drive();
    expect(result?.requeueAfterMs).toBeGreaterThan(3_500_000);
    expect(it.names("jobs")).toEqual(["b-upload"]);
    it.harness.clock.advance(3_601_000);
    await drive();
    expect(it.names("jobs")).toEqual([]);
    expect(status()["phase"]).toBe("Verified");
  });
});

describe("the deletion of a backup", () => {
  test("leaves the snapshot if the policy is Retain", async () => {
    await clusterAndStore();
    await backup();
    await drive();
    await it.delete("backups", "b");
    expect(isGone()).toBe(true);
    expect(it.names("jobs")).toEqual([]);
  });

  test("stops the upload, then deletes what is stored, then lets the object go", async () => {
    await clusterAndStore();
    await backup("Delete");
    await drive();
    expect(it.get("backups", "b").metadata.finalizers).toEqual(["kvorum.io/backup"]);
    await it.delete("backups", "b");
    await drive();
    expect(it.names("jobs")).toEqual(["b-delete"]);
    expect(JSON.stringify(it.get("jobs", "b-delete"))).toContain(`--key=ns/x/${clusterUid}/b/snapshot.db`);
    expect(isGone()).toBe(false);
    await it.jobEnds("b-delete", "Complete");
    it.harness.clock.advance(15_000);
    await drive();
    expect(isGone()).toBe(true);
    expect(await it.reasons()).toEqual(["BackupStarted"]);
  });

  test("waits for a pod that may still write", async () => {
    await clusterAndStore();
    await backup("Delete");
    await drive();
    const pod = await it.jobPod("b-upload", { running: {} }, { phase: "Running" });
    // The garbage collector is slow.
    await it.patch("pods", pod, { metadata: { finalizers: ["slow"] } });
    await it.delete("backups", "b");
    await drive();
    expect(it.names("jobs")).toEqual([]);
    expect(status()["message"]).toContain("the upload is being stopped");
    await it.patch("pods", pod, { metadata: { finalizers: [] } });
    await drive();
    expect(it.names("jobs")).toEqual(["b-delete"]);
  });

  test("needs nothing if nothing was begun", async () => {
    await backup("Delete");
    await drive();
    await it.delete("backups", "b");
    await drive();
    expect(isGone()).toBe(true);
  });

  test("tries again after a Job that failed", async () => {
    await clusterAndStore();
    await backup("Delete");
    await drive();
    await it.delete("backups", "b");
    await drive();
    const { uid } = it.get("jobs", "b-delete").metadata;
    await it.jobPodEnds("b-delete", words("StoreUnreachable", "s3://backups does not answer"));
    await it.jobEnds("b-delete", "Failed", "BackoffLimitExceeded", 4);
    await drive();
    expect(status()["message"]).toContain("s3://backups does not answer");
    it.harness.clock.advance(61_000);
    await drive();
    expect(it.get("jobs", "b-delete").metadata.uid).not.toBe(uid);
  });

  test.each([
    ["that was stored", true],
    ["of which nothing is known to be stored", false],
  ])("waits a minute for a store that is gone: a backup %s", async (_which, isStored) => {
    await clusterAndStore();
    await backup("Delete");
    await drive();
    if (isStored) await uploadSucceeds();
    await drive();
    await it.delete("stores", "s");
    await it.delete("backups", "b");
    await drive();
    expect(status()["message"]).toContain("there is no EtcdBackupStore s any more");
    it.harness.clock.advance(50_000);
    await drive();
    expect(isGone()).toBe(false);
    it.harness.clock.advance(11_000);
    await drive();
    expect(isGone()).toBe(true);
    const blocked = (await it.events()).find((event) => event.startsWith("DeletionBlocked"));
    expect(blocked).toContain("may be left in EtcdBackupStore s, delete it by hand");
  });

  test("does not hold up the deletion of its namespace", async () => {
    await clusterAndStore();
    await backup("Delete");
    await drive();
    await it.delete("backups", "b");
    const body = JSON.stringify({
      kind: "Status",
      reason: "Forbidden",
      message:
        'jobs.batch "b-delete" is forbidden: unable to create new content in namespace ns because it is being terminated',
    });
    it.harness.kube.fail(({ verb, resource }) =>
      verb === "create" && resource === "batch/v1/jobs" ? { kind: "status", code: 403, body } : undefined,
    );
    await drive();
    expect(isGone()).toBe(true);
  });
});

describe("whatever happens on the way", () => {
  test("a process that ends after it made the Job makes no second one", async () => {
    await clusterAndStore();
    await backup("Delete");
    await it.crashAt("after-create-backup-job", make, "ns/b");
    expect(it.harness.kube.callsOf("create").filter(({ resource }) => resource === "batch/v1/jobs")).toHaveLength(1);
    expect(status()["phase"]).toBe("Running");
    expect(await it.reasons()).toEqual(["BackupStarted"]);
  });

  test("a process that ends after it wrote the result has written it", async () => {
    await clusterAndStore();
    await backup();
    await drive();
    await uploadSucceeds();
    await it.crashAt("after-record-backup", make, "ns/b");
    expect(status()).toMatchObject({ phase: "Verified", revision: 900 });
  });

  test("an answer that is lost when the Job is made makes no second one", async () => {
    await clusterAndStore();
    await backup();
    it.harness.kube.fail(
      ({ verb, resource }) => (verb === "create" && resource === "batch/v1/jobs" ? { kind: "lost-answer" } : undefined),
      1,
    );
    const lost = it.drive(make(it.world), "ns/b");
    await expect(lost).rejects.toThrow();
    await it.restart();
    await drive();
    expect(status()["phase"]).toBe("Running");
    expect(it.names("jobs")).toEqual(["b-upload"]);
  });

  test("a Job of that name that is somebody else's is left alone", async () => {
    await clusterAndStore();
    await it.put("jobs", { apiVersion: "batch/v1", kind: "Job", metadata: { name: "b-upload" } } as never);
    await backup();
    await expect(drive()).rejects.toThrow("there is a Job b-upload already that is not of this backup");
    await it.delete("jobs", "b-upload");
    await drive();
    expect(status()["phase"]).toBe("Running");
  });

  test("a Job of an earlier backup of that name says nothing about this one, and is waited for to go", async () => {
    await clusterAndStore();
    const labels = { "app.kubernetes.io/managed-by": "kvorum-operator", "kvorum.io/backup": "b" };
    const ownerReferences = [{ apiVersion: "kvorum.io/v1alpha1", kind: "EtcdBackup", name: "b", uid: "earlier" }];
    const metadata = { name: "b-upload", labels, ownerReferences };
    await it.put("jobs", { apiVersion: "batch/v1", kind: "Job", metadata } as never);
    await uploadSucceeds();
    await backup();
    await expect(drive()).rejects.toThrow("not of this backup");
    expect(status()["phase"]).toBe("Pending");
    await it.delete("jobs", "b-upload");
    await drive();
    expect(status()["phase"]).toBe("Running");
  });

  test("a Job that admission refuses is said to be, and tried again", async () => {
    await clusterAndStore();
    await backup();
    it.harness.kube.fail(({ verb }) =>
      verb === "create" ? { kind: "status", code: 403, reason: "Forbidden" } : undefined,
    );
    await drive();
    expect(condition("Complete")).toBe("False JobRefused");
    it.harness.kube.heal();
    await drive();
    expect(status()["phase"]).toBe("Running");
  });

  test("a conflict at every write comes to the same end", async () => {
    it.conflictOnce();
    await clusterAndStore();
    await backup("Delete");
    const { conflicts } = await drive();
    expect(conflicts).toBeGreaterThan(2);
    await uploadSucceeds();
    await drive();
    expect(status()).toMatchObject({ phase: "Verified", revision: 900 });
    await it.delete("backups", "b");
    await drive();
    await it.jobEnds("b-delete", "Complete");
    it.harness.clock.advance(15_000);
    await drive();
    expect(isGone()).toBe(true);
  });
});
