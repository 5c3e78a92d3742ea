import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { manifestKey, snapshotKey } from "../../../../operator/backup/backup-layout.ts";
import { parseJobResult, type JobResult } from "../../../../operator/backup/job-result.ts";
import { operatorMain } from "../../../../operator/cli/operator-command.ts";
import { backupCommand, restoreCommand, type BackupTask } from "../../../../operator/resources/backup-commands.ts";
import { storeAccess } from "../../../../operator/resources/store-access.ts";
import type { EtcdBackupStore } from "../../../../operator/types/etcd-backup-store.ts";
import type { EtcdCluster } from "../../../../operator/types/etcd-cluster.ts";
import { fakeEtcd } from "../../../support/fake-etcd.ts";
import { fakeS3, type FakeS3 } from "../../../support/fake-s3.ts";
import { goldenFile } from "../../../support/golden.ts";
import { tempFolder } from "../../../support/temp-folder.ts";

/**
 * The commands of Jobs and init containers as the builders write them into pods, run as the program in the pod runs them:
 * a flag that one of the two sides does not know is found here.
 */
const golden = Buffer.from(goldenFile("snapshots/keys100.db"));
const key = snapshotKey({ namespace: "ns", cluster: "x", clusterUid: "uid-x", backup: "nightly" });
const UPLOAD = { purpose: "upload", key, backup: "nightly", clusterUid: "uid-x", clusterId: "9" } as const;
const cluster = { metadata: { name: "y", namespace: "ns", uid: "uid-y" } } as EtcdCluster;

beforeEach(() => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "id");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "secret");
  vi.stubEnv("POD_NAME", "y-0");
});
afterEach(() => {
  vi.unstubAllEnvs();
});

function accessTo(fake: FakeS3) {
  const credentialsSecretRef = { name: "keys" };
  const s3 = {
    bucket: "b",
    prefix: "team",
    endpoint: fake.endpoint,
    region: "eu-1",
    forcePathStyle: true,
    credentialsSecretRef,
  };
  return storeAccess({ spec: { s3 } } as EtcdBackupStore, "Write");
}

interface End {
  readonly exitCode: number;
  readonly result: JobResult | undefined;
  readonly output: string;
}

async function run([, ...args]: readonly string[], more: readonly string[] = []): Promise<End> {
  const resultFile = join(tempFolder(), "termination-log");
  writeFileSync(resultFile, "");
  let output = "";
  const write = (text: string): void => {
    output += text;
  };
  const exitCode = await operatorMain([...args, ...more, "--result-file", resultFile], { out: write, err: write });
  return { exitCode, result: parseJobResult(output), output };
}

async function member(): Promise<string> {
  const { endpoint } = await fakeEtcd({
    maintenance: {
      status: () => ({ header: { clusterId: 9n, memberId: 2n }, leader: 1n, version: "3.6.16", dbSize: 4096n }),
      async *snapshot() {
        yield { blob: golden };
      },
    },
    kv: { range: () => ({}) },
  });
  return endpoint;
}

test("a backup is taken, verified, restored and deleted by the commands that the builders write", async () => {
  const fake = await fakeS3();
  const access = accessTo(fake);
  const task = (more: BackupTask): readonly string[] => backupCommand(more, access);
  const upload = { ...UPLOAD, endpoint: await member() };
  const work = ["--work-folder", tempFolder()];

  const taken = await run(task(upload), work);
  expect(taken).toMatchObject({ exitCode: 0, result: { ok: true, command: "backup-upload", revision: 14, key } });
  expect(taken.result).toMatchObject({ uri: `s3://b/team/${key}` });
  expect([...fake.objects.keys()].toSorted()).toEqual([`team/${manifestKey(key)}`, `team/${key}`]);
  const sha256 = taken.result?.ok === true && taken.result.command === "backup-upload" ? taken.result.sha256 : "";

  const verified = await run(task({ purpose: "verify", key, sha256 }), work);
  expect(verified).toMatchObject({ exitCode: 0, result: { ok: true, sha256, clusterID: "9" } });

  const data = tempFolder();
  const restore = restoreCommand(cluster, { key, sha256 }, access).map((arg) =>
    arg.startsWith("--data-dir=") ? `--data-dir=${data}` : arg,
  );
  vi.stubEnv("POD_NAME", "y-1");
  expect(await run(restore)).toMatchObject({ exitCode: 0, result: { ok: true, outcome: "NotSeed" } });
  expect(readdirSync(data)).toEqual([]);
  vi.stubEnv("POD_NAME", "y-0");
  expect(await run(restore)).toMatchObject({
    exitCode: 0,
    result: { ok: true, outcome: "Restored", clusterUid: "uid-y", memberName: "y-0", revision: 14 },
  });
  expect(readdirSync(data).toSorted()).toEqual(["member", "restored.json"]);
  writeFileSync(join(data, "owner.json"), "{}");
  expect(await run(restore)).toMatchObject({ exitCode: 0, result: { ok: true, outcome: "Owned" } });

  expect(await run(task({ purpose: "delete", key }))).toMatchObject({ exitCode: 0, result: { ok: true } });
  expect(fake.objects.size).toBe(0);
});

test("a member of another cluster, whose pods have the old names, is refused and not asked again", async () => {
  const fake = await fakeS3();
  const foreign = { ...UPLOAD, endpoint: await member(), clusterId: "8" };
  const { exitCode, result } = await run(backupCommand(foreign, accessTo(fake)), ["--work-folder", tempFolder()]);
  expect({ exitCode, result }).toMatchObject({
    exitCode: 2,
    result: { ok: false, error: { code: "Foreign", retryable: false } },
  });
  expect(fake.objects.size).toBe(0);
});

test("a failure is the last line, and the exit code says whether another try may help", async () => {
  const fake = await fakeS3(({ key: object }) =>
    object.includes("refused") ? [403, "InvalidAccessKeyId"] : undefined,
  );
  const access = accessTo(fake);
  const missing = await run(backupCommand({ purpose: "verify", key }, access), ["--work-folder", tempFolder()]);
  expect(missing).toMatchObject({
    exitCode: 2,
    result: { ok: false, error: { code: "BackupNotFound", retryable: false } },
  });
  const refused = await run(backupCommand({ purpose: "delete", key: "refused/snapshot.db" }, access));
  expect(refused).toMatchObject({ exitCode: 2, result: { ok: false, error: { code: "StoreRefused" } } });
  const nobody = { ...UPLOAD, endpoint: "127.0.0.1:1" };
  const down = await run(backupCommand(nobody, access), ["--work-folder", tempFolder()]);
  expect(down).toMatchObject({
    exitCode: 1,
    result: { ok: false, error: { code: "NoHealthyMember", retryable: true } },
  });
  const strange = await run(backupCommand({ ...nobody, key: "elsewhere.db" }, access));
  expect(strange).toMatchObject({ exitCode: 2, result: { ok: false, error: { code: "InvalidArguments" } } });
});

test.each([
  [["backup-upload", "--store=s3://b"], "required option '--key <key>' not specified"],
  [["backup-delete", "--store=s3://b", "--key=k", "extra"], "too many arguments"],
  [["backup-delete", "--store=s3://b", "--key=k", "--force"], "unknown option '--force'"],
])("%o is refused with what is wrong", async (args, reason) => {
  let output = "";
  const write = (text: string): void => {
    output += text;
  };
  expect(await operatorMain(args, { out: write, err: write })).toBe(2);
  expect(output).toContain(reason);
});
