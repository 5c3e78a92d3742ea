import {
  backup,
  bucket,
  cluster,
  restore,
  schedule,
  store,
  volume,
  type Manifest,
} from "./crd-validation-manifests.ts";

/** A manifest that has to be refused, and words of the sentence that says what to write instead. */
export interface InvalidRow {
  readonly title: string;
  readonly manifest: Manifest;
  readonly sentence: string;
}

const row = (title: string, manifest: Manifest, sentence: string): InvalidRow => ({ title, manifest, sentence });
const flag = (name: string, value = "1"): Manifest => cluster({ server: { extraArgs: [{ name, value }] } });

const CLUSTER_NAME =
  "the name of an EtcdCluster must have at most 52 characters, lower-case letters, digits and '-', and begin with a letter";
const REPLICAS = "replicas must be 0 to 7: write 1, 3 or 5, or 0 to hibernate";
const SIZE = "storage.size must be a quantity of at least 256Mi, such as 10Gi";
const QUOTA = "server.quotaBackendBytes must be at most half of storage.size, and more than 0";
const ELECTION = "electionTimeout must be at least 5 times heartbeatInterval and at most 50s";
const DURATION = "must be a duration such as 100ms, 30s, 5m or 720h";
const CRON = "schedule must be five cron fields (minute hour day-of-month month day-of-week) such as '0 */6 * * *'";
const BUCKET = "bucket must be a bucket's name: 3 to 63 lower-case letters";
const ENDPOINT = "endpoint must be a URL of a server alone, such as https://s3.example.com:9000";
const PREFIX = "prefix must be a path without '/' at its ends and without '..'";
const RESTORE_NAME = "clusterName must be a name for an EtcdCluster: at most 52";

const CLUSTERS: readonly InvalidRow[] = [
  row("a cluster whose name is too long for its pods' labels", cluster({}, "x".repeat(53)), CLUSTER_NAME),
  row("a cluster whose name has a dot", cluster({}, "x.y"), CLUSTER_NAME),
  row("a cluster whose name begins with a digit", cluster({}, "3x"), CLUSTER_NAME),
  row("a cluster without a spec", { ...cluster({}), spec: undefined }, "spec: Required value"),
  row("-1 replicas", cluster({ replicas: -1 }), REPLICAS),
  row("8 replicas", cluster({ replicas: 8 }), REPLICAS),
  row("replicas as text", cluster({ replicas: "3" }), 'must be of type integer: "string"'),
  row("a field that there is not", cluster({ replica: 3 }), 'unknown field "spec.replica"'),
  row(
    "a field that there is not, further in",
    cluster({ storage: { sizeGi: 3 } }),
    'unknown field "spec.storage.sizeGi"',
  ),
  row("a version that is none", cluster({ version: "latest" }), "must be a release of Kvorum such as 0.2.0"),
  row("etcd's spelling of a version", cluster({ version: "v3.6.1" }), "must be a release of Kvorum such as 0.2.0"),
  row("a repository with a tag", cluster({ image: { repository: "host/kvorum:1" } }), "must be a repository alone"),
  row(
    "a repository with a digest",
    cluster({ image: { repository: `kvorum@sha256:${"0".repeat(64)}` } }),
    "must be a repository alone",
  ),
  row(
    "a digest without its algorithm",
    cluster({ image: { digest: "0".repeat(64) } }),
    "must be sha256: and 64 lower-case hex digits",
  ),
  row(
    "a digest that is too short",
    cluster({ image: { digest: "sha256:abc" } }),
    "must be sha256: and 64 lower-case hex digits",
  ),
  row(
    "a pull policy that there is not",
    cluster({ image: { pullPolicy: "Sometimes" } }),
    'supported values: "IfNotPresent", "Always", "Never"',
  ),
  row("storage of no size", cluster({ storage: { size: "0" } }), SIZE),
  row("storage of a negative size", cluster({ storage: { size: "-10Gi" } }), SIZE),
  row("storage of a size that is no quantity", cluster({ storage: { size: "10 GB" } }), SIZE),
  row("storage of a size in bytes that is too small", cluster({ storage: { size: 1000 } }), SIZE),
  row("a quota larger than half of the storage", cluster({ server: { quotaBackendBytes: "6Gi" } }), QUOTA),
  row("a quota of 0", cluster({ server: { quotaBackendBytes: 0 } }), QUOTA),
  row("a quota that is no quantity", cluster({ server: { quotaBackendBytes: "auto" } }), "must be a quantity such as"),
  row("an election timeout of 4 heartbeats", cluster({ server: { heartbeatInterval: "250ms" } }), ELECTION),
  row("an election timeout above 50 s", cluster({ server: { electionTimeout: "51s" } }), ELECTION),
  row("a heartbeat of 1 ms", cluster({ server: { heartbeatInterval: "1ms" } }), "heartbeatInterval must be 10ms to 5s"),
  row("a heartbeat without a unit", cluster({ server: { heartbeatInterval: "100" } }), DURATION),
  row("an election timeout in minutes and words", cluster({ server: { electionTimeout: "1 minute" } }), DURATION),
  row("a snapshot count of 0", cluster({ server: { snapshotCount: 0 } }), "snapshotCount must be 100 to 10000000"),
  row(
    "revisions to keep with mode Periodic",
    cluster({ server: { autoCompaction: { retention: "1000" } } }),
    "must be a duration such as 30m or 1h with mode Periodic",
  ),
  row(
    "a time to keep with mode Revision",
    cluster({ server: { autoCompaction: { mode: "Revision", retention: "1h" } } }),
    "must be a number of revisions such as 10000 with mode Revision",
  ),
  row(
    "a flag that the operator sets",
    flag("initial-cluster"),
    "--initial-cluster is set by the operator alone: leave it out",
  ),
  row("a flag of TLS", flag("peer-cert-file"), "--peer-cert-file is set by the operator alone: leave it out"),
  row("a flag of discovery", flag("discovery-token"), "--discovery-token is set by the operator alone: leave it out"),
  row(
    "a flag that makes writes unsafe",
    flag("unsafe-no-fsync"),
    "--unsafe-no-fsync is set by the operator alone: leave it out",
  ),
  row(
    "a flag that has a field",
    flag("election-timeout"),
    "--election-timeout has a field of its own: write spec.server.electionTimeout instead",
  ),
  row("a flag with its dashes", flag("--max-txn-ops"), "must be the name of a flag without leading dashes"),
  row("a flag with its value", flag("max-txn-ops=256"), "must be the name of a flag without leading dashes"),
  row(
    "a flag that is given twice",
    cluster({
      server: {
        extraArgs: [
          { name: "max-txn-ops", value: "1" },
          { name: "max-txn-ops", value: "2" },
        ],
      },
    }),
    'spec.server.extraArgs[1]: Duplicate value: {"name":"max-txn-ops"}',
  ),
  row(
    "a request that is no quantity",
    cluster({ resources: { requests: { memory: "lots" } } }),
    "must be a quantity such as 500m, 2, 512Mi or 10Gi",
  ),
  row(
    "an anti-affinity that there is not",
    cluster({ scheduling: { podAntiAffinity: "required" } }),
    'supported values: "Preferred", "Required", "None"',
  ),
  row(
    "a spread without its key",
    cluster({ scheduling: { topologySpread: [{ maxSkew: 1 }] } }),
    "topologyKey: Required value",
  ),
  row(
    "a deletion policy that there is not",
    cluster({ deletionPolicy: "Keep" }),
    'supported values: "Retain", "Delete", "SnapshotThenDelete"',
  ),
  row(
    "a last backup without a store",
    cluster({ deletionPolicy: "SnapshotThenDelete" }),
    "deletionPolicy SnapshotThenDelete needs a place for the snapshot: write spec.finalBackup.storeRef.name",
  ),
  row(
    "a snapshot with a bad checksum",
    cluster({ bootstrap: { restore: { storeRef: { name: "s" }, key: "k", sha256: "abc" } } }),
    "must be 64 lower-case hex digits, as sha256sum prints",
  ),
];

const BACKUPS: readonly InvalidRow[] = [
  row("a backup of nothing", backup({ clusterRef: undefined }), "spec.clusterRef: Required value"),
  row(
    "a backup to a store with an impossible name",
    backup({ storeRef: { name: "My_Store" } }),
    "must be the name of an object: lower-case letters",
  ),
  row(
    "a backup whose name is too long for its Jobs",
    backup({}, "b".repeat(57)),
    "the name of an EtcdBackup must have at most 56 characters",
  ),
  row("a delta backup", backup({ type: "Delta" }), 'unknown field "spec.type"'),
];

const SCHEDULES: readonly InvalidRow[] = [
  row("a schedule of four fields", schedule({ schedule: "0 * * *" }), CRON),
  row("a schedule with seconds", schedule({ schedule: "0 0 * * * *" }), CRON),
  row("minute 60", schedule({ schedule: "60 * * * *" }), CRON),
  row("hour 24", schedule({ schedule: "0 24 * * *" }), CRON),
  row("day of month 0", schedule({ schedule: "0 0 0 * *" }), CRON),
  row("month 13", schedule({ schedule: "0 0 1 13 *" }), CRON),
  row("a step of 0", schedule({ schedule: "*/0 * * * *" }), CRON),
  row("@reboot", schedule({ schedule: "@reboot" }), CRON),
  row("@every 5m", schedule({ schedule: "@every 5m" }), CRON),
  row("a time zone within the schedule", schedule({ schedule: "CRON_TZ=UTC 0 * * * *" }), CRON),
  row("no schedule", schedule({ schedule: "" }), CRON),
  row(
    "a time zone that is none",
    schedule({ timeZone: "Berlin time" }),
    "timeZone must be an IANA name such as UTC or Europe/Berlin",
  ),
  row(
    "the time zone of whoever reads it",
    schedule({ timeZone: "Local" }),
    "timeZone must be an IANA name such as UTC or Europe/Berlin",
  ),
  row("backups side by side", schedule({ concurrencyPolicy: "Allow" }), 'supported values: "Forbid"'),
  row("a deadline of 0 s", schedule({ startingDeadlineSeconds: 0 }), "startingDeadlineSeconds must be 10 to 604800"),
  row("a retention of no backup", schedule({ retention: { keepLast: 0 } }), "retention.keepLast must be 1 to 1000"),
  row(
    "a retention in days",
    schedule({ retention: { maxAge: "30d" } }),
    "retention.maxAge must be a duration of at least 1m, such as 720h for 30 days",
  ),
  row(
    "a retention without a bound",
    schedule({ retention: {} }),
    "retention needs a bound: write keepLast, maxAge or both",
  ),
  row(
    "a schedule whose name is too long for its backups",
    schedule({}, "h".repeat(42)),
    "the name of an EtcdBackupSchedule must have at most 41 characters",
  ),
];

const STORES: readonly InvalidRow[] = [
  row("a store that is nowhere", store({}), "a store is one place: write either s3 or persistentVolumeClaim"),
  row(
    "a store at two places",
    store({
      s3: { bucket: "backups", credentialsSecretRef: { name: "keys" } },
      persistentVolumeClaim: { claimName: "backups" },
    }),
    "a store is one place: write either s3 or persistentVolumeClaim",
  ),
  row("a bucket in upper case", bucket({ bucket: "Backups" }), BUCKET),
  row("a bucket of two letters", bucket({ bucket: "ab" }), BUCKET),
  row("a bucket with its prefix", bucket({ bucket: "backups/etcd" }), BUCKET),
  row("a bucket that looks like an address", bucket({ bucket: "10.0.0.1" }), BUCKET),
  row(
    "a bucket without credentials",
    bucket({ credentialsSecretRef: undefined }),
    "credentialsSecretRef: Required value",
  ),
  row("an endpoint without a scheme", bucket({ endpoint: "s3.example.com" }), ENDPOINT),
  row("an endpoint of another protocol", bucket({ endpoint: "ftp://s3.example.com" }), ENDPOINT),
  row("an endpoint with the bucket", bucket({ endpoint: "https://s3.example.com/backups" }), ENDPOINT),
  row("a region with blanks", bucket({ region: "EU West" }), "region must be a name such as us-east-1"),
  row("a prefix that is absolute", bucket({ prefix: "/etcd" }), PREFIX),
  row("a prefix that climbs", bucket({ prefix: "a/../b" }), PREFIX),
  row("a folder that climbs", volume({ path: "../other" }), "path must be a folder within the volume"),
  row(
    "a claim with an impossible name",
    volume({ claimName: "My Claim" }),
    "claimName must be the name of a PersistentVolumeClaim",
  ),
];

const RESTORES: readonly InvalidRow[] = [
  row(
    "a restore of nothing",
    restore({ source: {} }),
    "a restore has one source: write either source.backupRef or source.snapshot",
  ),
  row(
    "a restore of two things",
    restore({ source: { backupRef: { name: "b" }, snapshot: { storeRef: { name: "s" }, key: "k" } } }),
    "a restore has one source: write either source.backupRef or source.snapshot",
  ),
  row("a restore into a name that no cluster can have", restore({ clusterName: "X" }), RESTORE_NAME),
  row("a restore into a name that is too long", restore({ clusterName: "y".repeat(53) }), RESTORE_NAME),
  row("a restore into a cluster of 9", restore({ template: { replicas: 9 } }), REPLICAS),
  row(
    "a restore into a cluster with a bootstrap of its own",
    restore({ template: { bootstrap: {} } }),
    'unknown field "spec.template.bootstrap"',
  ),
  row(
    "a restore without the name of the new cluster",
    restore({ clusterName: undefined }),
    "spec.clusterName: Required value",
  ),
];

/** All that has to be refused at once. */
export const INVALID: readonly InvalidRow[] = [...CLUSTERS, ...BACKUPS, ...SCHEDULES, ...STORES, ...RESTORES];
