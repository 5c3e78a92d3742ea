import { placeOfSnapshotKey } from "./backup-layout.ts";
import { JobError } from "./job-error.ts";
import { uriOf, type StoreFlags } from "./open-store.ts";
import { runJob, type JobEnvironment } from "./run-job.ts";
import { takeBackup } from "./take-backup.ts";

/** What `kvorum-operator backup-upload` is told. */
export interface BackupUploadFlags extends StoreFlags {
  /** As `snapshotKey` makes it. */
  readonly key: string;
  /** Client URLs of members by which the cluster can be reached; a healthy follower among them is taken. */
  readonly endpoints: readonly string[];
  /** Where members tell their release. */
  readonly peerPort: number;
  readonly backup: string;
  readonly clusterUid: string;
  /** Id in hex that the members must have, if it is known. */
  readonly clusterId?: string | undefined;
  readonly workFolder: string;
}

/** Takes one backup. */
export function backupUpload(flags: BackupUploadFlags, environment: JobEnvironment): Promise<number> {
  return runJob(flags, environment, async (open, world) => {
    const { key, backup, clusterUid, clusterId, workFolder, peerPort } = flags;
    const place = placeOfSnapshotKey(key);
    if (!place || place.backup !== backup || place.clusterUid !== clusterUid) {
      const form = `NAMESPACE/CLUSTER/${clusterUid}/${backup}/snapshot.db`;
      throw new JobError("InvalidArguments", `--key=${key}: the key of this backup has the form ${form}`);
    }
    if (flags.endpoints.length === 0) throw new JobError("InvalidArguments", "--endpoint: name at least one");
    const endpoints = flags.endpoints.map((endpoint) => ({ endpoint, peerUrl: peerUrlOf(endpoint, peerPort) }));
    const manifest = await takeBackup({ place, endpoints, clusterId, store: open(), workFolder, world });
    return { ok: true, command: "backup-upload", ...manifest, uri: uriOf(flags, key) };
  });
}

/** On the same host as the client URL. */
function peerUrlOf(endpoint: string, peerPort: number): string {
  const host = endpoint.replace(/^https?:\/\//, "").replace(/:\d+\/?$/, "");
  return `http://${host}:${String(peerPort)}`;
}
