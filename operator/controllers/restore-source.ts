import type { EtcdBackup } from "../types/etcd-backup.ts";
import type { EtcdRestore, EtcdRestoreStatus } from "../types/etcd-restore.ts";

/** A restore that names something which is made in the same breath has so long to see it. */
const MISSING_LIMIT_MS = 30_000;

/** The snapshot that a restore begins with. */
export type RestoreSnapshot = NonNullable<EtcdRestoreStatus["snapshot"]>;

/** What the source of a restore turns out to be. */
export type ResolvedSource =
  | { readonly kind: "Resolved"; readonly snapshot: RestoreSnapshot }
  | { readonly kind: "Wait" | "Fail"; readonly reason: string; readonly message: string };

/** What is there of what a restore names. */
export interface RestoreSourceObjects {
  readonly nowMs: number;
  readonly backup: EtcdBackup | undefined;
  /** Whether there is a store of that name. */
  readonly hasStore: (name: string) => boolean;
}

/** Finds out which snapshot a restore is about. Whether it is one, and intact, the pod sees that fetches it. */
export function restoreSource(restore: EtcdRestore, objects: RestoreSourceObjects): ResolvedSource {
  const { backupRef, snapshot } = restore.spec.source;
  if (snapshot) return inStore(restore, { storeRef: snapshot.storeRef, key: snapshot.key }, objects);
  if (!backupRef)
    return { kind: "Fail", reason: "NoSource", message: "spec.source names neither a backup nor a snapshot" };
  const { backup } = objects;
  if (!backup) return missing(restore, "BackupNotFound", `there is no EtcdBackup ${backupRef.name}`, objects.nowMs);
  if (backup.metadata.deletionTimestamp !== undefined)
    return { kind: "Fail", reason: "BackupNotFound", message: `EtcdBackup ${backupRef.name} is being deleted` };
  return ofBackup(restore, backup, objects);
}

function ofBackup(restore: EtcdRestore, backup: EtcdBackup, objects: RestoreSourceObjects): ResolvedSource {
  const { name } = backup.metadata;
  const { key, sha256, revision, clusterID, message = "" } = backup.status ?? {};
  switch (backup.status?.phase) {
    case undefined:
    case "Pending":
    case "Running":
      return {
        kind: "Wait",
        reason: "BackupNotComplete",
        message: `EtcdBackup ${name} is not complete yet: ${message}`,
      };
    case "Failed": {
      const failed = `EtcdBackup ${name} failed, there is nothing to restore: ${message}`;
      return { kind: "Fail", reason: "BackupFailed", message: failed };
    }
    case "Completed":
    case "Verified":
      return inStore(
        restore,
        {
          storeRef: backup.spec.storeRef,
          key: key ?? "",
          ...(sha256 !== undefined && { sha256 }),
          ...(revision !== undefined && { revision }),
          ...(clusterID !== undefined && { clusterID }),
        },
        objects,
      );
  }
}

function inStore(restore: EtcdRestore, snapshot: RestoreSnapshot, objects: RestoreSourceObjects): ResolvedSource {
  const { name } = snapshot.storeRef;
  if (objects.hasStore(name)) return { kind: "Resolved", snapshot };
  return missing(restore, "StoreNotFound", `there is no EtcdBackupStore ${name}`, objects.nowMs);
}

function missing({ metadata, status }: EtcdRestore, reason: string, what: string, nowMs: number): ResolvedSource {
  const message = `${what} in namespace ${metadata.namespace}`;
  const sinceMs = Date.parse(status?.startedAt ?? "");
  const isOver = nowMs - sinceMs >= MISSING_LIMIT_MS;
  if (isOver) return { kind: "Fail", reason, message: `${message}: make it, and write another EtcdRestore` };
  return { kind: "Wait", reason, message };
}
