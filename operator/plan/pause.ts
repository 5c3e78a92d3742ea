import type { Decision } from "./decision.ts";
import type { Observation } from "./observation.ts";

/** While `spec.paused`, nothing is done; the status goes on telling what is. What was in flight stays written down. */
export function pause({ cluster, latched }: Observation): Decision | undefined {
  if (!cluster.paused) return undefined;
  return {
    step: { kind: "None" },
    reason: "Paused",
    message: "spec.paused is true: nothing is changed until it is false",
    ...(latched.operation && { operation: latched.operation }),
  };
}
