import { backup, bucket, cluster, restore, schedule, volume, type Manifest } from "./crd-validation-manifests.ts";

const WHOLE_CLUSTER = {
  replicas: 5,
  version: "0.2.0-rc.1",
  image: {
    repository: "registry.example.com:5000/team/kvorum",
    digest: `sha256:${"a".repeat(64)}`,
    pullPolicy: "Always",
    pullSecrets: [{ name: "registry" }],
  },
  storage: { size: "20Gi", storageClassName: "fast" },
  server: {
    quotaBackendBytes: "8Gi",
    autoCompaction: { mode: "Revision", retention: "10000" },
    snapshotCount: 20_000,
    heartbeatInterval: "50ms",
    electionTimeout: "0.5s",
    extraArgs: [
      { name: "max-txn-ops", value: "256" },
      { name: "log-level", value: "debug" },
    ],
  },
  resources: { requests: { cpu: "500m", memory: "1Gi" }, limits: { cpu: 2, memory: "2Gi" } },
  scheduling: {
    podAntiAffinity: "Required",
    topologySpread: [{ topologyKey: "topology.kubernetes.io/zone", whenUnsatisfiable: "DoNotSchedule" }],
    nodeSelector: { disk: "ssd" },
    tolerations: [{ key: "dedicated", operator: "Equal", value: "etcd", effect: "NoSchedule" }],
    priorityClassName: "system-cluster-critical",
  },
  disruption: { podDisruptionBudget: "None", unhealthyPodEvictionPolicy: "IfHealthyBudget" },
  deletionPolicy: "SnapshotThenDelete",
  finalBackup: { storeRef: { name: "s" } },
  paused: true,
};

const cron = (text: string, at: number): readonly [string, Manifest] => [
  `a schedule of ${text}`,
  schedule({ schedule: text }, `cron-${String(at)}`),
];

/** What has to be taken. */
export const VALID: readonly (readonly [title: string, manifest: Manifest])[] = [
  ...[0, 1, 2, 3, 4, 5, 6, 7].map(
    (replicas) => [`${String(replicas)} replicas`, cluster({ replicas }, `size-${String(replicas)}`)] as const,
  ),
  ["an empty spec", cluster({}, "empty")],
  ["a name of 52 characters", cluster({}, "x".repeat(52))],
  ["every field of a cluster", cluster(WHOLE_CLUSTER, "whole")],
  ["storage in bytes", cluster({ storage: { size: 10_737_418_240 } }, "bytes")],
  ["periodic compaction", cluster({ server: { autoCompaction: { retention: "1h30m" } } }, "periodic")],
  ["no spread at all", cluster({ scheduling: { topologySpread: [] } }, "no-spread")],
  ["a repository of one word", cluster({ image: { repository: "kvorum" } }, "repository")],
  [
    "a cluster out of a snapshot",
    cluster({ bootstrap: { restore: { storeRef: { name: "s" }, key: "a/b.db", sha256: "0".repeat(64) } } }, "restored"),
  ],
  ["a backup", backup()],
  ["a backup that goes with its object", backup({ deletionPolicy: "Delete" }, "b-delete")],
  ...["*/5 * * * *", "0 3 * * MON-FRI", "15,45 0-6/2 1,15 jan *", "59 23 31 12 7", "@daily", "@hourly"].map(cron),
  [
    "every field of a schedule",
    schedule(
      {
        timeZone: "America/Argentina/Buenos_Aires",
        suspend: true,
        immediate: true,
        concurrencyPolicy: "Forbid",
        startingDeadlineSeconds: 300,
        retention: { keepLast: 7, maxAge: "720h" },
      },
      "h-whole",
    ),
  ],
  ["a store in AWS", bucket({ region: "eu-central-1", prefix: "team-a/production" })],
  ["a store in another server", bucket({ endpoint: "http://s3.backups.svc:7070", forcePathStyle: true }, "s-other")],
  ["a store in another server, with an address", bucket({ endpoint: "https://10.0.0.1:9000/" }, "s-address")],
  ["a store on a volume", volume({ path: "etcd/x" }, "s-volume")],
  ["a restore of a backup", restore()],
  [
    "a restore of a snapshot into a larger cluster",
    restore(
      { source: { snapshot: { storeRef: { name: "s" }, key: "x.db" } }, template: { replicas: 5 } },
      "r-snapshot",
    ),
  ],
];
