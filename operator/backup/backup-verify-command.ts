import type { StoreFlags } from "./open-store.ts";
import { runJob, type JobEnvironment } from "./run-job.ts";
import { verifyBackup } from "./verify-backup.ts";

/** What `kvorum-operator backup-verify` is told. */
export interface BackupVerifyFlags extends StoreFlags {
  readonly key: string;
  readonly sha256?: string | undefined;
  readonly workFolder: string;
}

/** Reads one stored snapshot to its end and compares it with its manifest. */
export function backupVerify(flags: BackupVerifyFlags, environment: JobEnvironment): Promise<number> {
  return runJob(flags, environment, async (open, world) => {
    const { key, sha256, workFolder } = flags;
    const verified = await verifyBackup({ store: open(), key, sha256, workFolder, world });
    const { facts, manifest } = verified;
    return {
      ok: true,
      command: "backup-verify",
      key,
      sizeBytes: verified.sizeBytes,
      sha256: verified.sha256,
      revision: facts.revision,
      compactRevision: facts.compactRevision,
      hashKV: facts.hashKv,
      raftTerm: facts.raftTerm,
      ...(manifest && { clusterID: manifest.clusterID }),
      verifiedAt: verified.verifiedAt.toISOString(),
    };
  });
}
