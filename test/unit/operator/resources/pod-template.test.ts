import { expect, test } from "vitest";
import { podTemplate } from "../../../../operator/resources/pod-template.ts";
import { isFromTemplate } from "../../../../operator/resources/template-hash.ts";
import type { EtcdClusterSpecInput } from "../../../../operator/types/etcd-cluster-spec.ts";
import { ANNOTATIONS } from "../../../../operator/types/names.ts";
import { BUCKET, etcdBackupStore, etcdCluster, VOLUME } from "../../../support/operator-objects.ts";
import { PLATFORM } from "../../../support/operator-platform.ts";

const templateOf = (spec: EtcdClusterSpecInput = {}) => podTemplate(etcdCluster(spec), PLATFORM);
const hashOf = (spec: EtcdClusterSpecInput = {}): string | undefined =>
  templateOf(spec).metadata.annotations?.[ANNOTATIONS.templateHash];
const SNAPSHOT = { store: etcdBackupStore(BUCKET), key: "team/a.db", sha256: "0".repeat(64) };

test("the member is told who it is, whose permits it takes and how it is reached, then etcd's flags", () => {
  const [member] = templateOf().spec.containers;
  expect(member?.command).toEqual([
    "/kvorum/dist/bin/kvorum",
    "member",
    "--cluster-uid=uid-of-x",
    "--permit-public-key=cHVibGlj",
    "--peer-host-suffix=x-peers.ns.svc",
    "--data-dir=/var/lib/kvorum",
    "--",
    "--heartbeat-interval=100",
    "--election-timeout=1000",
    "--quota-backend-bytes=5368709120",
  ]);
  expect(member?.env?.map(({ name }) => name)).toEqual(["POD_NAME", "POD_UID", "POD_NAMESPACE"]);
});

test("a process is ended after a minute of silence, and leaves the Service after seconds", () => {
  const [member] = templateOf().spec.containers;
  const patience = (probe = member?.livenessProbe): number =>
    (probe?.periodSeconds ?? 0) * (probe?.failureThreshold ?? 0);
  expect(patience(member?.livenessProbe)).toBe(60);
  expect(patience(member?.readinessProbe)).toBe(10);
  expect(patience(member?.startupProbe)).toBe(180);
  expect(member?.livenessProbe?.httpGet).toEqual({ path: "/livez", port: "client" });
  expect(member?.readinessProbe?.httpGet).toEqual({ path: "/readyz", port: "client" });
});

test("only the data and /tmp can be written", () => {
  const { containers, volumes } = templateOf().spec;
  expect(containers[0]?.volumeMounts).toEqual([
    { name: "data", mountPath: "/var/lib/kvorum" },
    { name: "tmp", mountPath: "/tmp" },
  ]);
  expect(volumes).toEqual([{ name: "tmp", emptyDir: {} }]);
});

test("resources are handed on as text; without any there is no word of them", () => {
  const resources = { requests: { cpu: 2, memory: "1Gi" }, limits: { memory: "2Gi" } };
  expect(templateOf({ resources }).spec.containers[0]?.resources).toEqual({
    requests: { cpu: "2", memory: "1Gi" },
    limits: { memory: "2Gi" },
  });
  expect(templateOf().spec.containers[0]).not.toHaveProperty("resources");
});

test("pull secrets are handed on", () => {
  const image = { pullSecrets: [{ name: "registry" }], pullPolicy: "Always" } as const;
  expect(templateOf({ image }).spec).toMatchObject({
    imagePullSecrets: [{ name: "registry" }],
    containers: [{ imagePullPolicy: "Always" }],
  });
});

test.each<[string, EtcdClusterSpecInput]>([
  ["another image", { image: { repository: "mirror/kvorum" } }],
  ["another flag", { server: { extraArgs: [{ name: "max-txn-ops", value: "1" }] } }],
  ["other resources", { resources: { requests: { cpu: "1" } } }],
  ["another placement", { scheduling: { podAntiAffinity: "Required" } }],
])("%s makes the pods out of date", (_, spec) => {
  const old = { annotations: { [ANNOTATIONS.templateHash]: hashOf() ?? "" } };
  expect(isFromTemplate(old, templateOf())).toBe(true);
  expect(isFromTemplate(old, templateOf(spec))).toBe(false);
});

test.each<[string, EtcdClusterSpecInput]>([
  ["more members", { replicas: 5 }],
  ["a larger volume that changes no flag", { storage: { size: "20Gi" }, server: { quotaBackendBytes: "5Gi" } }],
  ["a pause", { paused: true }],
  ["another budget", { disruption: { podDisruptionBudget: "None" } }],
  ["another deletion policy", { deletionPolicy: "Delete" }],
])("%s does not make the pods out of date", (_, spec) => {
  expect(hashOf(spec)).toBe(hashOf({ server: { quotaBackendBytes: "5Gi" } }));
});

test("a pod or a template that was not made by the operator is out of date", () => {
  expect(isFromTemplate(undefined, templateOf())).toBe(false);
  expect(isFromTemplate({}, {})).toBe(false);
});

test("a restore is an init container that knows the seed, its store and the checksum", () => {
  const { initContainers, containers } = podTemplate(etcdCluster(), PLATFORM, SNAPSHOT).spec;
  expect(initContainers?.[0]?.image).toBe(containers[0]?.image);
  expect(initContainers?.[0]?.command).toEqual([
    "/kvorum/dist/bin/kvorum-operator",
    "restore-fetch",
    "--store=s3://backups/team",
    "--s3-region=us-east-1",
    "--s3-endpoint=http://s3:7070",
    "--key=team/a.db",
    `--sha256=${"0".repeat(64)}`,
    "--data-dir=/var/lib/kvorum",
    "--cluster-uid=uid-of-x",
    "--seed-pod=x-0",
    "--peer-host-suffix=x-peers.ns.svc",
  ]);
});

test("a restore out of a volume mounts it read-only, and leaves the member alone", () => {
  const store = etcdBackupStore(VOLUME);
  const { initContainers, containers, volumes } = podTemplate(etcdCluster(), PLATFORM, { store, key: "a.db" }).spec;
  expect(volumes).toContainEqual({ name: "backups", persistentVolumeClaim: { claimName: "backups", readOnly: true } });
  expect(initContainers?.[0]?.volumeMounts).toContainEqual({
    name: "backups",
    mountPath: "/var/lib/kvorum-backups",
    readOnly: true,
  });
  expect(initContainers?.[0]?.command).toContain("--store=file:///var/lib/kvorum-backups/etcd");
  expect(containers[0]?.volumeMounts.map(({ name }) => name)).toEqual(["data", "tmp"]);
});

test("that the restore is taken out again restarts nobody", () => {
  const seed = podTemplate(etcdCluster(), PLATFORM, SNAPSHOT).metadata;
  expect(isFromTemplate(seed, templateOf())).toBe(true);
});
