import { parseJobResult, type JobResult } from "../backup/job-result.ts";
import type { jobKind } from "../kube/kinds.ts";
import type { StoredPod } from "./cluster-objects.ts";

export type StoredJob = NonNullable<(typeof jobKind)["objects"]>;

/** A Job's end and the last words of its pods come by different watches: so long the words are waited for. */
const LAST_WORDS_MS = 10_000;
/** A pod that has not begun after this time (no node, no image, no Secret) is not waited for any longer. */
const BEGIN_LIMIT_MS = 1_800_000;
/** What pods say while nothing is the matter with them. */
const BEGINNING: ReadonlySet<string> = new Set(["ContainerCreating", "PodInitializing"]);

/** What is the matter with a Job, as the reason and the message of a condition. */
export interface JobTrouble {
  readonly reason: string;
  readonly message: string;
}

/**
 * How a Job stands. `result` undefined: it succeeded, and what it came to can no longer be read. Not `isOver`: it would go
 * on trying, in vain.
 */
export type JobOutcome =
  | { readonly kind: "Missing" | "Terminating" }
  | { readonly kind: "Running"; readonly trouble?: JobTrouble }
  | { readonly kind: "Succeeded"; readonly result: JobResult | undefined }
  | ({ readonly kind: "Failed"; readonly endedMs: number; readonly isOver: boolean } & JobTrouble);

/**
 * How a Job stands, with the sentence of the last pod that failed. A failure that nobody but a person can mend is final at
 * once, whatever further tries the Job has left.
 */
export function jobOutcome(job: StoredJob | undefined, pods: readonly StoredPod[], nowMs: number): JobOutcome {
  if (!job) return { kind: "Missing" };
  if (job.metadata.deletionTimestamp !== undefined) return { kind: "Terminating" };
  const tries = pods
    .filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === job.metadata.uid))
    .map(tryOf)
    .toSorted((a, b) => a.createdMs - b.createdMs);
  const complete = conditionOf(job, "Complete");
  if (complete) return succeeded(tries, complete, nowMs);
  const failed = conditionOf(job, "Failed");
  if (failed) return failedOutcome(job, tries, failed, nowMs);
  const hopeless = tries.find(({ result }) => result?.ok === false && !result.error.retryable);
  if (hopeless?.trouble) return { kind: "Failed", endedMs: nowMs, isOver: false, ...hopeless.trouble };
  return running(job, tries, nowMs);
}

interface JobCondition {
  readonly reason: string;
  readonly message: string;
  readonly sinceMs: number;
}

function conditionOf({ status }: StoredJob, type: string): JobCondition | undefined {
  const found = status?.conditions?.find((condition) => condition.type === type && condition.status === "True");
  if (!found) return undefined;
  const sinceMs = Date.parse(found.lastTransitionTime ?? "");
  return { reason: found.reason ?? type, message: found.message ?? "", sinceMs: Number.isNaN(sinceMs) ? 0 : sinceMs };
}

function succeeded(tries: readonly Try[], { sinceMs }: JobCondition, nowMs: number): JobOutcome {
  const result = tries.findLast((each) => each.result?.ok === true)?.result;
  return result || nowMs - sinceMs >= LAST_WORDS_MS ? { kind: "Succeeded", result } : { kind: "Running" };
}

function failedOutcome(
  { metadata: { name }, spec, status }: StoredJob,
  tries: readonly Try[],
  { reason, message, sinceMs }: JobCondition,
  nowMs: number,
): JobOutcome {
  const last = tries.findLast(({ trouble }) => trouble !== undefined)?.trouble;
  if (!last && nowMs - sinceMs < LAST_WORDS_MS) return { kind: "Running" };
  const over = { kind: "Failed", endedMs: sinceMs, isOver: true } as const;
  if (reason === "DeadlineExceeded") {
    const limit = `the Job ${name} did not end within ${String(spec?.activeDeadlineSeconds ?? 0)} seconds`;
    return { ...over, reason, message: last ? `${limit}: ${last.message}` : limit };
  }
  if (!last) return { ...over, reason: "JobFailed", message: `the Job ${name} failed: ${message}` };
  const count = status?.failed ?? 1;
  const tried = count > 1 ? ` (tried ${String(count)} times)` : "";
  return { ...over, reason: last.reason, message: `${last.message}${tried}` };
}

function running({ metadata }: StoredJob, tries: readonly Try[], nowMs: number): JobOutcome {
  const trouble = tries.findLast((each) => each.trouble !== undefined)?.trouble;
  const createdMs = Date.parse(metadata.creationTimestamp ?? "");
  const hasBegun = tries.some((each) => each.hasBegun);
  if (!hasBegun && nowMs - createdMs >= BEGIN_LIMIT_MS) {
    const waited = `no pod of the Job ${metadata.name} could begin within 30 minutes`;
    const message = trouble ? `${waited}: ${trouble.message}` : waited;
    const reason = trouble?.reason ?? "JobNotStarted";
    return { kind: "Failed", endedMs: nowMs, isOver: false, reason, message };
  }
  return { kind: "Running", ...(trouble && { trouble }) };
}

/** One pod of a Job. */
interface Try {
  readonly createdMs: number;
  readonly hasBegun: boolean;
  readonly result: JobResult | undefined;
  readonly trouble: JobTrouble | undefined;
}

function tryOf(pod: StoredPod): Try {
  const state = pod.status?.containerStatuses?.[0]?.state;
  const result = parseJobResult(state?.terminated?.message);
  return {
    createdMs: Date.parse(pod.metadata.creationTimestamp ?? ""),
    hasBegun: state?.running !== undefined || state?.terminated !== undefined,
    result,
    trouble: result ? (result.ok ? undefined : troubleOf(result.error)) : podTrouble(pod),
  };
}

function troubleOf({ code, message }: { readonly code: string; readonly message: string }): JobTrouble {
  return { reason: code, message };
}

/** What is the matter with a pod that did not say so itself. */
export function podTrouble({ metadata: { name }, status }: StoredPod): JobTrouble | undefined {
  const { terminated, waiting } = status?.containerStatuses?.[0]?.state ?? {};
  if (status?.phase === "Failed" && status.reason !== undefined) {
    return { reason: status.reason, message: `the pod ${name}: ${status.message ?? status.reason}` };
  }
  if (terminated && terminated.exitCode !== 0) {
    const reason = terminated.reason ?? "Error";
    const words = terminated.message?.trimEnd().split("\n").at(-1) ?? "";
    const end = `the pod ${name} ended with ${reason} (exit code ${String(terminated.exitCode)})`;
    return { reason, message: words === "" ? end : `${end}: ${words}` };
  }
  if (waiting?.reason !== undefined && !BEGINNING.has(waiting.reason)) {
    return { reason: waiting.reason, message: `the pod ${name} cannot begin: ${waiting.message ?? waiting.reason}` };
  }
  const scheduled = status?.conditions?.find(({ type }) => type === "PodScheduled");
  if (scheduled?.status === "False") {
    return {
      reason: scheduled.reason ?? "Unschedulable",
      message: `the pod ${name} finds no node: ${scheduled.message ?? ""}`,
    };
  }
  return undefined;
}
