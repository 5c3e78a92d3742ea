import type { HexId } from "../types/hex-id.ts";
import type { Step } from "./step.ts";

/**
 * The one thing that is under way. It is written to `status.operation` before its step acts: whoever goes on after a
 * crash knows what was begun, for which member, and since when. `startedMs` counts from the first step of an attempt.
 */
export interface Operation {
  readonly type: "Bootstrap" | "ScaleUp" | "ScaleDown" | "Replace" | "Rollout" | "Hibernate" | "Resume" | "Delete";
  /** The kind of the last step that was taken for it. */
  readonly phase: Step["kind"];
  /** Name of the pod; the cluster's where it is about all of them. */
  readonly target: string;
  /** The member that joins or leaves, as soon as it has an id. */
  readonly memberId?: HexId;
  /**
   * The pod that was given leave to join as `memberId`. If another pod comes up empty after that, the member may have
   * run and lost its disk, and its id must not be used again. Of a rollout: the pod that was deleted, whose successor is
   * the rollout's doing.
   */
  readonly podUid?: string;
  readonly startedMs: number;
  /** From 1; one more each time that a learner is given up and a new one begins. */
  readonly attempt: number;
}
