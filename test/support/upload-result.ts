import type { StoredBackup } from "../../operator/controllers/backup-status.ts";

/** What differs from one upload to the other. */
type Told = Pick<
  StoredBackup,
  | "key"
  | "clusterName"
  | "clusterUID"
  | "backupName"
  | "clusterID"
  | "memberID"
  | "endpoint"
  | "hashKV"
  | "startedAt"
  | "completedAt"
  | "verifiedAt"
>;

/** What a Job says of an upload that went well. */
export function uploadResult(told: Told): StoredBackup {
  return {
    ok: true,
    command: "backup-upload",
    uri: `s3://backups/team/${told.key}`,
    formatVersion: 1,
    namespace: "ns",
    revision: 900,
    compactRevision: -1,
    statusHash: 7,
    raftTerm: 4,
    raftIndex: 991,
    storageVersion: "3.6.0",
    etcdVersion: "3.6.0",
    serverVersion: "0.2.0",
    sizeBytes: 24_576,
    sha256: "ab".repeat(32),
    parts: 1,
    ...told,
  };
}
