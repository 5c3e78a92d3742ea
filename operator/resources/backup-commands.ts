import type { EtcdCluster } from "../types/etcd-cluster.ts";
import { peerHostSuffix, podName } from "../types/names.ts";
import type { BackupJobPurpose } from "../types/names.ts";
import type { StoreAccess } from "./store-access.ts";

/** The program of the image that does the operator's work in pods. */
const PROGRAM = "/kvorum/dist/bin/kvorum-operator";

/** Where a member's volume is mounted. */
export const DATA_FOLDER = "/var/lib/kvorum";

/** A snapshot in a store. */
export interface StoredSnapshot {
  readonly key: string;
  /** Checksum that its bytes must have, if it is known. */
  readonly sha256?: string;
}

/** What a Job of a backup is to do. */
export type BackupTask =
  /** Takes a snapshot from the member at that endpoint and stores it with its manifest. */
  | {
      readonly purpose: "upload";
      readonly key: string;
      readonly endpoint: string;
      readonly backup: string;
      readonly clusterUid: string;
      /** What the members have to say that they belong to: pods of a cluster that was made anew have the old names. */
      readonly clusterId: string;
    }
  /** Reads a stored snapshot to its end and compares it with its manifest. */
  | ({ readonly purpose: "verify" } & StoredSnapshot)
  /** Deletes a stored snapshot and its manifest. */
  | { readonly purpose: "delete"; readonly key: string };

/** The command of a backup's Job. */
export function backupCommand(task: BackupTask, { args }: StoreAccess): readonly string[] {
  return [PROGRAM, SUBCOMMANDS[task.purpose], ...args, `--key=${task.key}`, ...taskArguments(task)];
}

/**
 * The command of the init container that fills the volume of the seed. The template is the same for all pods, so it is
 * told which one is the seed, and does nothing in the others, nor where there are data already.
 */
export function restoreCommand(
  { metadata: { name, namespace, uid } }: EtcdCluster,
  snapshot: StoredSnapshot,
  { args }: StoreAccess,
): readonly string[] {
  return [
    PROGRAM,
    "restore-fetch",
    ...args,
    `--key=${snapshot.key}`,
    ...(snapshot.sha256 === undefined ? [] : [`--sha256=${snapshot.sha256}`]),
    `--data-dir=${DATA_FOLDER}`,
    `--cluster-uid=${uid}`,
    `--seed-pod=${podName(name, 0)}`,
    `--peer-host-suffix=${peerHostSuffix({ name, namespace })}`,
  ];
}

const SUBCOMMANDS = {
  upload: "backup-upload",
  verify: "backup-verify",
  delete: "backup-delete",
} as const satisfies Record<BackupJobPurpose, string>;

function taskArguments(task: BackupTask): readonly string[] {
  switch (task.purpose) {
    case "upload":
      return [
        `--endpoint=${task.endpoint}`,
        `--backup=${task.backup}`,
        `--cluster-uid=${task.clusterUid}`,
        `--cluster-id=${task.clusterId}`,
      ];
    case "verify":
      return task.sha256 === undefined ? [] : [`--sha256=${task.sha256}`];
    case "delete":
      return [];
  }
}
