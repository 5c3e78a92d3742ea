import type { Disk } from "../../server/ports/disk.ts";
import { DiskError } from "../../server/ports/disk-error.ts";
import { mayPass, type JobError, type JobErrorCode } from "./job-error.ts";
import type { Manifest } from "./manifest.ts";
import type { RestoredMarker } from "./restore-volume.ts";

/** kubelet keeps 4096 bytes of a container's last words; the rest of a result takes less than half. */
const MESSAGE_LENGTH_MAX = 1500;

/** What a Job says at its end, for the controller, which reads it from the pod's status and needs no other right. */
export type JobResult =
  | ({ readonly ok: true; readonly command: "backup-upload"; readonly uri: string } & Manifest)
  | ({ readonly ok: true; readonly command: "backup-verify" } & VerifyResult)
  | { readonly ok: true; readonly command: "backup-delete"; readonly key: string }
  | ({ readonly ok: true; readonly command: "restore-fetch" } & RestoreResult)
  | FailedResult;

/** A stored snapshot that is intact. */
export interface VerifyResult {
  readonly key: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly revision: number;
  readonly compactRevision: number;
  readonly hashKV: number;
  readonly raftTerm: number;
  /** Of the cluster that it was taken from; only a backup's manifest knows it. */
  readonly clusterID?: string;
  readonly verifiedAt: string;
}

/** `NotSeed` and `Owned`: there was nothing to do in this pod. */
export type RestoreResult =
  { readonly outcome: "NotSeed" | "Owned" } | ({ readonly outcome: "Restored" } & RestoredMarker);

/** Why a Job failed, and whether another try may help although nobody changes anything. */
export interface FailedResult {
  readonly ok: false;
  readonly error: { readonly code: JobErrorCode; readonly message: string; readonly retryable: boolean };
}

/** The result of a failure. */
export function failedResult({ code, message }: JobError): FailedResult {
  const short = message.length <= MESSAGE_LENGTH_MAX ? message : `${message.slice(0, MESSAGE_LENGTH_MAX)} …`;
  return { ok: false, error: { code, message: short, retryable: mayPass(code) } };
}

/** Exit codes: done; another try may help; only a person can help. */
export const JobExit = { done: 0, tryAgain: 1, failed: 2 } as const;

/** The exit code of a result. */
export function exitCodeOf(result: JobResult): number {
  if (result.ok) return JobExit.done;
  return result.error.retryable ? JobExit.tryAgain : JobExit.failed;
}

/** Leaves a result where kubelet looks for a container's last words; outside of a pod there is no such place. */
export async function leaveResult(disk: Disk, path: string, result: JobResult): Promise<void> {
  try {
    const file = await disk.open(path, "existing");
    try {
      await file.truncate(0);
      await file.write([new TextEncoder().encode(`${JSON.stringify(result)}\n`)], 0);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
  }
}

/**
 * The result in a container's last words: the last line, for with a pod that was killed they may be its log. Undefined if
 * it left none.
 */
export function parseJobResult(message: string | undefined): JobResult | undefined {
  const last = message?.trimEnd().split("\n").at(-1) ?? "";
  try {
    const value: unknown = JSON.parse(last);
    return typeof value === "object" && value !== null && "ok" in value && typeof value.ok === "boolean"
      ? (value as JobResult)
      : undefined;
  } catch {
    return undefined;
  }
}
