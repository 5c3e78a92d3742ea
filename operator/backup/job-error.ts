import { DiskError } from "../../server/ports/disk-error.ts";
import { SnapshotError } from "../../server/snapshot/snapshot-error.ts";
import { SnapshotSourceError } from "../etcd/snapshot-source.ts";
import { diskWords } from "./disk-words.ts";
import { StoreError, type StoreFault } from "./object-store.ts";

/**
 * Why a Job has failed, as the reason of a condition. `StoreUnreachable` and `NoHealthyMember` may pass; `Damaged` is a
 * backup that is not what was stored; `Foreign` is no backup, or one of another kind; `VolumeOccupied` is a volume that
 * holds something already; `NoSpace` is a disk of the pod that is too small.
 */
export type JobErrorCode =
  | "StoreUnreachable"
  | "StoreRefused"
  | "StoreInvalid"
  | "StoreFull"
  | "StoreFailed"
  | "BackupNotFound"
  | "BackupExists"
  | "NoHealthyMember"
  | "Damaged"
  | "Foreign"
  | "VolumeOccupied"
  | "NoSpace"
  | "InvalidArguments"
  | "Unexpected";

/** A Job that cannot go on; the message is a sentence for a condition. */
export class JobError extends Error {
  override readonly name = "JobError";
  readonly code: JobErrorCode;

  constructor(code: JobErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Whether another try may end better although nobody changes anything. */
export function mayPass(code: JobErrorCode): boolean {
  return code === "StoreUnreachable" || code === "NoHealthyMember" || code === "StoreFailed" || code === "Unexpected";
}

const OF_FAULT = {
  NotFound: "BackupNotFound",
  AlreadyExists: "BackupExists",
  AccessDenied: "StoreRefused",
  Unavailable: "StoreUnreachable",
  NoSpace: "StoreFull",
  Invalid: "StoreInvalid",
  Unexpected: "StoreFailed",
} as const satisfies Record<StoreFault, JobErrorCode>;

/** What a failure means; bugs are `Unexpected`. */
export function jobErrorOf(error: unknown): JobError {
  if (error instanceof JobError) return error;
  if (error instanceof StoreError) return new JobError(OF_FAULT[error.fault], error.message, { cause: error });
  if (error instanceof SnapshotSourceError) return new JobError("NoHealthyMember", error.message, { cause: error });
  if (error instanceof SnapshotError) return new JobError("Damaged", error.message, { cause: error });
  if (error instanceof DiskError) {
    const isFull = error.code === "ENOSPC" || error.code === "EDQUOT";
    if (!isFull) return new JobError("Unexpected", error.message, { cause: error });
    const advice = "make room on that disk, or give it a larger one";
    return new JobError("NoSpace", `${diskWords(error)}; ${advice}`, { cause: error });
  }
  return new JobError("Unexpected", error instanceof Error ? error.message : String(error), { cause: error });
}
