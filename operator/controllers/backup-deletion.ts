import type { EtcdBackup } from "../types/etcd-backup.ts";
import { FINALIZERS } from "../types/names.ts";
import type { JobOutcome } from "./backup-job-outcome.ts";

/** So long the deletion of a stored snapshot is tried before the object is let go without it. */
const STORED_LIMIT_MS = 3_600_000;
/** The same where nothing was ever stored, as far as anybody knows: there is little to lose. */
const UNSTORED_LIMIT_MS = 600_000;
/**
 * So long a store that is gone is waited for: it may be about to be made anew. When a namespace goes, its stores go first,
 * and it waits for its backups.
 */
const STORE_GONE_LIMIT_MS = 60_000;
/** How long to wait after a Job that has failed, until another one tries. */
const RETRY_MS = 60_000;
/** How often to look whether the time is over. */
const LOOK_MS = 30_000;

/** What a decision about the deletion of a backup rests on. */
export interface DeletionObservation {
  readonly nowMs: number;
  readonly backup: EtcdBackup;
  readonly hasStore: boolean;
  readonly upload: JobOutcome;
  /** Whether a pod of the upload may still write. */
  readonly uploads: boolean;
  readonly deletion: JobOutcome;
}

/** What comes next for a backup that is being deleted. */
export type DeletionStep =
  | { readonly kind: "None" }
  /** Kubernetes may take the object away; `message`: what is left behind. */
  | { readonly kind: "Release"; readonly leftBehind?: string }
  | { readonly kind: "DeleteJob"; readonly purpose: "upload" | "delete" }
  | { readonly kind: "CreateJob"; readonly key: string }
  | { readonly kind: "Wait"; readonly message: string; readonly retryMs: number };

/**
 * Decides about a backup that is being deleted: the upload stops first, then a Job deletes what is stored. It never hangs
 * for ever: after a minute without the store, or an hour without success, the object is let go and says what it leaves
 * behind.
 */
export function deletionStep(observation: DeletionObservation): DeletionStep {
  const { backup, nowMs } = observation;
  const { finalizers = [], deletionTimestamp = "" } = backup.metadata;
  if (!finalizers.includes(FINALIZERS.backup)) return { kind: "None" };
  if (backup.spec.deletionPolicy === "Retain" || backup.status?.key === undefined) return { kind: "Release" };
  const step = towardsDeletion(observation, backup.status.key);
  const limitMs = limitOf(observation);
  const isLate = nowMs - Date.parse(deletionTimestamp) >= limitMs;
  if (!isLate || step.kind === "Release") return step;
  const why = step.kind === "Wait" ? step.message : "it took too long";
  return { kind: "Release", leftBehind: why };
}

function limitOf({ backup, hasStore, deletion }: DeletionObservation): number {
  if (!hasStore && deletion.kind === "Missing") return STORE_GONE_LIMIT_MS;
  return backup.status?.sha256 === undefined ? UNSTORED_LIMIT_MS : STORED_LIMIT_MS;
}

function towardsDeletion(
  { nowMs, backup, hasStore, upload, uploads, deletion }: DeletionObservation,
  key: string,
): DeletionStep {
  if (upload.kind === "Terminating" || (upload.kind === "Missing" && uploads))
    return { kind: "Wait", message: "the upload is being stopped", retryMs: LOOK_MS };
  if (upload.kind !== "Missing") return { kind: "DeleteJob", purpose: "upload" };
  switch (deletion.kind) {
    case "Succeeded":
      return { kind: "Release" };
    case "Missing": {
      if (hasStore) return { kind: "CreateJob", key };
      const message = `there is no EtcdBackupStore ${backup.spec.storeRef.name} any more to delete it from`;
      return { kind: "Wait", message, retryMs: LOOK_MS };
    }
    case "Terminating":
      return { kind: "Wait", message: "a Job that could not delete it is being cleared away", retryMs: LOOK_MS };
    case "Running": {
      const message = deletion.trouble?.message ?? "a Job deletes it";
      return { kind: "Wait", message, retryMs: LOOK_MS };
    }
    case "Failed":
      if (nowMs - deletion.endedMs >= RETRY_MS) return { kind: "DeleteJob", purpose: "delete" };
      return { kind: "Wait", message: deletion.message, retryMs: RETRY_MS };
  }
}
