import type { Operation } from "./operation.ts";
import type { ClusterReason } from "../types/condition-reason.ts";
import type { Step } from "./step.ts";

/**
 * What to do now, and why. Executing it: write `operation` to `status.operation` (undefined: clear it) unless it is
 * there already, then do the step, then observe again. If the write fails, the step is not done.
 */
export interface Decision {
  readonly step: Step;
  /** What is in flight from this moment on. */
  readonly operation?: Operation;
  readonly reason: ClusterReason;
  /** A sentence for people: what is done or waited for, and since when. The same as long as nothing changes. */
  readonly message: string;
}
