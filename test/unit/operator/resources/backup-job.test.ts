import { expect, test } from "vitest";
import { JobExit } from "../../../../operator/backup/job-result.ts";
import { backupJob } from "../../../../operator/resources/backup-job.ts";
import type { BackupTask } from "../../../../operator/resources/backup-commands.ts";
import { LABELS, memberSelector } from "../../../../operator/types/names.ts";
import { BUCKET, etcdBackup, etcdBackupStore, etcdCluster, VOLUME } from "../../../support/operator-objects.ts";
import { PLATFORM } from "../../../support/operator-platform.ts";

const UPLOAD: BackupTask = {
  purpose: "upload",
  key: "u/a.db",
  endpoint: "http://x-1.x-peers.ns.svc:2379",
  backup: "b",
  clusterUid: "u",
  clusterId: "c0de",
};
const VERIFY: BackupTask = { purpose: "verify", key: "u/a.db", sha256: "0".repeat(64) };
const DELETE: BackupTask = { purpose: "delete", key: "u/a.db" };

const jobOf = (task: BackupTask, store = BUCKET, spec = etcdCluster().spec) =>
  backupJob({ backup: etcdBackup(), store: etcdBackupStore(store), task, cluster: spec }, PLATFORM);
const commandOf = (task: BackupTask, store = BUCKET) =>
  jobOf(task, store).spec.template.spec.containers[0]?.command.slice(1);

test("an upload is told the store, the key, the member and for whom it is", () => {
  expect(commandOf(UPLOAD)).toEqual([
    "backup-upload",
    "--store=s3://backups/team",
    "--s3-region=us-east-1",
    "--s3-endpoint=http://s3:7070",
    "--key=u/a.db",
    "--endpoint=http://x-1.x-peers.ns.svc:2379",
    "--backup=b",
    "--cluster-uid=u",
    "--cluster-id=c0de",
  ]);
});

test("a verification knows the checksum, a deletion needs none", () => {
  expect(commandOf(VERIFY)?.at(-1)).toBe(`--sha256=${"0".repeat(64)}`);
  expect(commandOf(DELETE)?.at(-1)).toBe("--key=u/a.db");
});

test("a server with buckets in its paths is told so", () => {
  const store = { s3: { bucket: "backups", forcePathStyle: true, credentialsSecretRef: { name: "keys" } } };
  expect(commandOf(DELETE, store)).toEqual([
    "backup-delete",
    "--store=s3://backups",
    "--s3-region=us-east-1",
    "--s3-force-path-style",
    "--key=u/a.db",
  ]);
});

test("credentials come from the Secret and never stand in the Job", () => {
  const [container] = jobOf(UPLOAD).spec.template.spec.containers;
  expect(container?.env).toEqual([
    { name: "AWS_ACCESS_KEY_ID", valueFrom: { secretKeyRef: { name: "keys", key: "accessKeyId" } } },
    { name: "AWS_SECRET_ACCESS_KEY", valueFrom: { secretKeyRef: { name: "keys", key: "secretAccessKey" } } },
  ]);
});

test.each([
  [UPLOAD, undefined],
  [VERIFY, true],
  [DELETE, undefined],
])("a volume is mounted for $purpose, read-only: %s", (task, readOnly) => {
  const { containers, volumes } = jobOf(task, VOLUME).spec.template.spec;
  const given = readOnly ? { readOnly } : {};
  expect(volumes).toContainEqual({ name: "backups", persistentVolumeClaim: { claimName: "backups", ...given } });
  expect(containers[0]?.volumeMounts).toContainEqual({
    name: "backups",
    mountPath: "/var/lib/kvorum-backups",
    ...given,
  });
  expect(containers[0]?.command).toContain("--store=file:///var/lib/kvorum-backups/etcd");
});

test("a Job is named after its backup and its purpose, and goes with the backup", () => {
  const { metadata } = jobOf(VERIFY);
  expect(metadata.name).toBe("b-verify");
  expect(metadata.ownerReferences).toMatchObject([{ kind: "EtcdBackup", name: "b" }]);
  expect(metadata.labels).toMatchObject({ [LABELS.backup]: "b", [LABELS.cluster]: "x" });
});

test("its pod is no member: neither Services nor the StatefulSet take it for one", () => {
  const { labels } = jobOf(UPLOAD).spec.template.metadata;
  expect(Object.entries(memberSelector("x")).every(([key, value]) => labels[key] === value)).toBe(false);
});

test("each try is a pod of its own, and there is an end to it", () => {
  expect(jobOf(UPLOAD).spec).toMatchObject({
    backoffLimit: 3,
    activeDeadlineSeconds: 21_600,
    template: { spec: { restartPolicy: "Never" } },
  });
});

test.each([UPLOAD, VERIFY, DELETE])(
  "$purpose: what only a person can mend is not tried again, a drained node does not count",
  (task) => {
    const { podFailurePolicy, template } = jobOf(task).spec;
    expect(podFailurePolicy.rules).toEqual([
      {
        action: "FailJob",
        onExitCodes: { containerName: template.spec.containers[0]?.name, operator: "In", values: [JobExit.failed] },
      },
      { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
    ]);
  },
);

test("it runs the operator's image where the cluster's members may run", () => {
  const scheduling = { nodeSelector: { disk: "ssd" } };
  const cluster = etcdCluster({ version: "0.1.0", scheduling, image: { pullSecrets: [{ name: "registry" }] } });
  const { containers, nodeSelector, imagePullSecrets } = jobOf(UPLOAD, BUCKET, cluster.spec).spec.template.spec;
  expect(containers[0]?.image).toBe(PLATFORM.image);
  expect(nodeSelector).toEqual({ disk: "ssd" });
  expect(imagePullSecrets).toEqual([{ name: "registry" }]);
});

test("a backup can be deleted after its cluster has gone", () => {
  const work = { backup: etcdBackup(), store: etcdBackupStore(BUCKET), task: DELETE };
  const { serviceAccountName, containers } = backupJob(work, PLATFORM).spec.template.spec;
  expect(serviceAccountName).toBeUndefined();
  expect(containers[0]?.imagePullPolicy).toBe("IfNotPresent");
});
