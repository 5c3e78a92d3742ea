/** An object as a user writes it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: unknown;
}

const manifest = (kind: string, name: string, spec: unknown): Manifest => ({
  apiVersion: "kvorum.io/v1alpha1",
  kind,
  metadata: { name },
  spec,
});

/** An EtcdCluster with that spec. */
export const cluster = (spec: unknown, name = "x"): Manifest => manifest("EtcdCluster", name, spec);

/** An EtcdBackup of x to s, with more in its spec. */
export const backup = (spec: object = {}, name = "b"): Manifest =>
  manifest("EtcdBackup", name, { clusterRef: { name: "x" }, storeRef: { name: "s" }, ...spec });

/** An EtcdBackupSchedule of x to s every hour, with more in its spec. */
export const schedule = (spec: object = {}, name = "h"): Manifest =>
  manifest("EtcdBackupSchedule", name, {
    clusterRef: { name: "x" },
    storeRef: { name: "s" },
    schedule: "0 * * * *",
    ...spec,
  });

/** An EtcdBackupStore with that spec. */
export const store = (spec: unknown, name = "s"): Manifest => manifest("EtcdBackupStore", name, spec);

/** An EtcdBackupStore in a bucket, with more about it. */
export const bucket = (s3: object = {}, name = "s"): Manifest =>
  store({ s3: { bucket: "backups", credentialsSecretRef: { name: "keys" }, ...s3 } }, name);

/** An EtcdBackupStore on a volume, with more about it. */
export const volume = (claim: object = {}, name = "s"): Manifest =>
  store({ persistentVolumeClaim: { claimName: "backups", ...claim } }, name);

/** An EtcdRestore of b into y, with more in its spec. */
export const restore = (spec: object = {}, name = "r"): Manifest =>
  manifest("EtcdRestore", name, { source: { backupRef: { name: "b" } }, clusterName: "y", ...spec });
