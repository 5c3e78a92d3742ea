import { operation } from "./decide.ts";
import type { Observation } from "./observation.ts";
import type { Operation } from "./operation.ts";

/** The operation with which a new learner begins: one attempt more if there was a learner for it before. */
export function nextAttempt(observation: Observation, type: "ScaleUp" | "Replace", target: string): Operation {
  const { phase, attempt, startedMs, memberId } = operation(observation, type, target);
  return { type, phase, target, startedMs, attempt: memberId === undefined ? attempt : attempt + 1 };
}
