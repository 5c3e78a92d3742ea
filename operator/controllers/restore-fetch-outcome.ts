import { parseJobResult } from "../backup/job-result.ts";
import { podTrouble, type JobTrouble } from "./backup-job-outcome.ts";
import type { StoredPod } from "./cluster-objects.ts";

/** The container of the seed that fetches the snapshot, as the pod template calls it. */
const CONTAINER = "restore";
const BEGINNING: ReadonlySet<string> = new Set(["ContainerCreating", "PodInitializing", "CrashLoopBackOff"]);

/** How far the seed is with the snapshot. `Owned`: a member had the volume already, so that nothing was fetched. */
export type FetchOutcome =
  | { readonly kind: "NotBegun" }
  | { readonly kind: "Running"; readonly trouble?: JobTrouble }
  | { readonly kind: "Restored"; readonly revision: number }
  | { readonly kind: "Owned" }
  | ({ readonly kind: "Failed" } & JobTrouble);

/** How far the seed's pod is with the snapshot, by the last words of the container that fetches it. */
export function fetchOutcome(pod: StoredPod | undefined): FetchOutcome {
  if (!pod || pod.metadata.deletionTimestamp !== undefined) return { kind: "NotBegun" };
  const container = pod.status?.initContainerStatuses?.find(({ name }) => name === CONTAINER);
  if (!container) {
    const trouble = podTrouble(pod);
    return trouble ? { kind: "Running", trouble } : { kind: "NotBegun" };
  }
  const { state, lastState } = container;
  // kubelet starts it again and again: what the last run said counts until the next one has ended.
  const ended = state?.terminated ?? lastState?.terminated;
  const result = parseJobResult(ended?.message);
  if (result?.ok === true && result.command === "restore-fetch") {
    return result.outcome === "Restored" ? { kind: "Restored", revision: result.revision } : { kind: "Owned" };
  }
  if (result?.ok === false) {
    const { code, message, retryable } = result.error;
    const trouble = { reason: code, message };
    return retryable ? { kind: "Running", trouble } : { kind: "Failed", ...trouble };
  }
  const { name } = pod.metadata;
  if (ended && ended.exitCode !== 0) {
    const reason = ended.reason ?? "Error";
    const message = `the fetch in ${name} ended with ${reason} (exit code ${String(ended.exitCode)})`;
    return { kind: "Running", trouble: { reason, message } };
  }
  const waiting = state?.waiting;
  if (waiting?.reason === undefined || BEGINNING.has(waiting.reason)) return { kind: "Running" };
  const message = `the fetch in ${name} cannot begin: ${waiting.message ?? waiting.reason}`;
  return { kind: "Running", trouble: { reason: waiting.reason, message } };
}
