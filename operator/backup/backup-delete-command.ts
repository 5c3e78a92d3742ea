import { deleteBackup } from "./delete-backup.ts";
import type { StoreFlags } from "./open-store.ts";
import { runJob, type JobEnvironment } from "./run-job.ts";

/** What `kvorum-operator backup-delete` is told. */
export interface BackupDeleteFlags extends StoreFlags {
  readonly key: string;
}

/** Deletes one stored backup; one that is gone already is deleted. */
export function backupDelete(flags: BackupDeleteFlags, environment: JobEnvironment): Promise<number> {
  return runJob(flags, environment, async (open) => {
    await deleteBackup(open(), flags.key);
    return { ok: true, command: "backup-delete", key: flags.key };
  });
}
