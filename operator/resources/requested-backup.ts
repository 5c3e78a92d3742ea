import { timestamp } from "../types/condition.ts";
import type { EtcdBackupSchedule } from "../types/etcd-backup-schedule.ts";
import type { EtcdBackupSpec } from "../types/etcd-backup.ts";
import type { EtcdCluster } from "../types/etcd-cluster.ts";
import { API_VERSION } from "../types/kind.ts";
import { ANNOTATIONS, FIELD_MANAGER, finalBackupName, LABELS, scheduledBackupName } from "../types/names.ts";
import type { Labels } from "./kubernetes-objects.ts";

/** An EtcdBackup that nobody wrote by hand. */
export interface RequestedBackup {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: "EtcdBackup";
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Labels;
    readonly annotations?: Labels;
  };
  readonly spec: EtcdBackupSpec;
}

/**
 * The backup that a schedule takes for one of its times. Its name follows from the time, so that it is taken once,
 * whoever creates it. It has no owner: backups stay when their schedule is deleted. When its retention deletes it, the
 * stored snapshot goes along.
 */
export function scheduledBackup({ metadata, spec }: EtcdBackupSchedule, timeMs: number): RequestedBackup {
  return {
    ...requested(scheduledBackupName(metadata.name, timeMs), metadata.namespace, {
      labels: { [LABELS.cluster]: spec.clusterRef.name, [LABELS.schedule]: metadata.name },
      annotations: { [ANNOTATIONS.scheduledFor]: timestamp(timeMs) },
    }),
    spec: { clusterRef: spec.clusterRef, storeRef: spec.storeRef, deletionPolicy: "Delete" },
  };
}

/** The last backup of a cluster that is being deleted; undefined if its spec names no store. It outlives the cluster. */
export function finalBackup({ metadata, spec }: EtcdCluster): RequestedBackup | undefined {
  if (!spec.finalBackup) return undefined;
  const labels = { [LABELS.cluster]: metadata.name, [LABELS.clusterUid]: metadata.uid };
  return {
    ...requested(finalBackupName(metadata.name, metadata.uid), metadata.namespace, { labels }),
    spec: { clusterRef: { name: metadata.name }, storeRef: spec.finalBackup.storeRef, deletionPolicy: "Retain" },
  };
}

function requested(
  name: string,
  namespace: string,
  { labels, annotations }: { readonly labels: Labels; readonly annotations?: Labels },
): Omit<RequestedBackup, "spec"> {
  return {
    apiVersion: API_VERSION,
    kind: "EtcdBackup",
    metadata: {
      name,
      namespace,
      labels: { ...labels, [LABELS.managedBy]: FIELD_MANAGER },
      ...(annotations && { annotations }),
    },
  };
}
