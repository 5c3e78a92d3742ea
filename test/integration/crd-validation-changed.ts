import { backup, bucket, cluster, restore, volume, type Manifest } from "./crd-validation-manifests.ts";

/** A change that has to be refused, and words of the sentence that says what to write instead. */
export interface ChangedRow {
  readonly title: string;
  readonly before: Manifest;
  /** As a JSON merge patch: null removes. */
  readonly change: unknown;
  readonly sentence: string;
}

const row = (title: string, before: Manifest, change: unknown, sentence: string): ChangedRow => ({
  title,
  before,
  change,
  sentence,
});

const RESTORED = { bootstrap: { restore: { storeRef: { name: "s" }, key: "k" } } };
const CLASS = "storage.storageClassName cannot change: write the former one";
const SHRINK = "storage.size must not shrink: volumes cannot. Write the former size or more";
const BOOTSTRAP = "bootstrap cannot change after the cluster was made";
const RESTORE = "an EtcdRestore cannot change: write another one, or change the EtcdCluster that it made";
const BACKUP = "clusterRef and storeRef of an EtcdBackup cannot change";
const MOVE = "a store cannot move between s3 and persistentVolumeClaim";

/** All changes that have to be refused. */
export const CHANGED: readonly ChangedRow[] = [
  row(
    "storage that shrinks",
    cluster({ storage: { size: "20Gi" } }, "c1"),
    { spec: { storage: { size: "10Gi" } } },
    SHRINK,
  ),
  row(
    "storage that shrinks in another unit",
    cluster({ storage: { size: "20G" } }, "c2"),
    { spec: { storage: { size: 19_999_999_999 } } },
    SHRINK,
  ),
  row(
    "storage that falls back to the default",
    cluster({ storage: { size: "20Gi" } }, "c3"),
    { spec: { storage: { size: null } } },
    SHRINK,
  ),
  row(
    "another StorageClass",
    cluster({ storage: { storageClassName: "fast" } }, "c4"),
    { spec: { storage: { storageClassName: "slow" } } },
    CLASS,
  ),
  row("a StorageClass that comes later", cluster({}, "c5"), { spec: { storage: { storageClassName: "fast" } } }, CLASS),
  row(
    "a StorageClass that goes",
    cluster({ storage: { storageClassName: "fast" } }, "c6"),
    { spec: { storage: { storageClassName: null } } },
    CLASS,
  ),
  row("a bootstrap that comes later", cluster({}, "c7"), { spec: RESTORED }, BOOTSTRAP),
  row("a bootstrap that goes", cluster(RESTORED, "c8"), { spec: { bootstrap: null } }, BOOTSTRAP),
  row("another bootstrap", cluster(RESTORED, "c9"), { spec: { bootstrap: { restore: { key: "other" } } } }, BOOTSTRAP),
  row("replicas that become too many", cluster({}, "c10"), { spec: { replicas: 8 } }, "replicas must be 0 to 7"),
  row(
    "storage that shrinks below the quota",
    cluster({ server: { quotaBackendBytes: "5Gi" } }, "c11"),
    { spec: { server: { quotaBackendBytes: "7Gi" } } },
    "server.quotaBackendBytes must be at most half of storage.size",
  ),
  row("a backup of another cluster", backup({}, "b1"), { spec: { clusterRef: { name: "y" } } }, BACKUP),
  row("a backup to another store", backup({}, "b2"), { spec: { storeRef: { name: "t" } } }, BACKUP),
  row(
    "another bucket",
    bucket({}, "s1"),
    { spec: { s3: { bucket: "others" } } },
    "bucket cannot change, or the backups in it would be lost",
  ),
  row(
    "another prefix",
    bucket({}, "s2"),
    { spec: { s3: { prefix: "more" } } },
    "prefix cannot change, or the backups below it would be lost",
  ),
  row(
    "another claim",
    volume({}, "s3"),
    { spec: { persistentVolumeClaim: { claimName: "others" } } },
    "claimName cannot change, or the backups in it would be lost",
  ),
  row(
    "another folder",
    volume({}, "s4"),
    { spec: { persistentVolumeClaim: { path: "more" } } },
    "path cannot change, or the backups in it would be lost",
  ),
  row(
    "a store that moves to a volume",
    bucket({}, "s5"),
    { spec: { s3: null, persistentVolumeClaim: { claimName: "backups" } } },
    MOVE,
  ),
  row("another source of a restore", restore({}, "r1"), { spec: { source: { backupRef: { name: "c" } } } }, RESTORE),
  row("another target of a restore", restore({}, "r2"), { spec: { clusterName: "z" } }, RESTORE),
  row("another template of a restore", restore({}, "r3"), { spec: { template: { replicas: 5 } } }, RESTORE),
];
