import { timestamp } from "../types/condition.ts";
import type { Decision } from "./decision.ts";
import type { Observation } from "./observation.ts";
import type { Operation } from "./operation.ts";
import type { ClusterReason } from "../types/condition-reason.ts";
import type { None, Step, Wait } from "./step.ts";

/** How soon to look again at what changes without an event. */
export const RETRY_MS = {
  /** A process that starts, catches up or elects. */
  process: 1000,
  /** A pod or a claim, whose changes are events too. */
  pod: 5000,
  /** What only a person can change. */
  person: 30_000,
} as const;

/** To do something, as part of that operation. */
export function act(
  step: Exclude<Step, None | Wait>,
  reason: ClusterReason,
  message: string,
  inFlight?: Operation,
): Decision {
  return { step, reason, message, ...(inFlight && { operation: { ...inFlight, phase: step.kind } }) };
}

/** To let something else happen first. The operation stays in flight, in the phase that it is in. */
export function wait(reason: ClusterReason, message: string, retryMs: number, inFlight?: Operation): Decision {
  return { step: { kind: "Wait", retryMs }, reason, message, ...(inFlight && { operation: inFlight }) };
}

/**
 * The operation of that type on that target: the one in flight, if it is that one, else a new one. Whoever says more
 * about it (the member that joins) spreads it.
 */
export function operation(
  { nowMs, latched }: Observation,
  type: Operation["type"],
  target: string,
  phase: Operation["phase"] = "Wait",
): Operation {
  const inFlight = latched.operation;
  if (inFlight?.type === type && inFlight.target === target) return inFlight;
  return { type, phase, target, startedMs: nowMs, attempt: 1 };
}

/** "since" and a moment, for messages that must not change while they are true. */
export function since(ms: number): string {
  return `since ${timestamp(ms)}`;
}
