import type { FromSchema, Schema } from "./schema.ts";

const CONDITION = {
  type: "object",
  required: ["type", "status", "lastTransitionTime", "reason", "message"],
  properties: {
    type: { type: "string", description: "What the condition is about, in CamelCase.", maxLength: 316 },
    status: {
      type: "string",
      description: "Whether it holds: True, False or Unknown.",
      enum: ["True", "False", "Unknown"],
    },
    observedGeneration: {
      type: "integer",
      format: "int64",
      description: "The metadata.generation that was looked at; an older one means that this condition is out of date.",
    },
    lastTransitionTime: { type: "string", format: "date-time", description: "Since when the status is what it is." },
    reason: { type: "string", description: "Why, in one CamelCase word, for programs.", maxLength: 128 },
    message: { type: "string", description: "Why, in a sentence, for people: what is waited for.", maxLength: 4096 },
  },
} as const satisfies Schema;

/** `status.conditions` of every kind. */
export const CONDITIONS = {
  type: "array",
  description: "What holds at the moment, one entry a type, each with its reason and since when.",
  maxItems: 16,
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": ["type"],
  items: CONDITION,
} as const satisfies Schema;

/** One condition of an object, as metav1.Condition. */
export type Condition = FromSchema<typeof CONDITION>;

/** What a controller says about a condition; when it began is found out by `setCondition`. */
export interface ConditionUpdate<Type extends string = string> {
  readonly type: Type;
  readonly status: Condition["status"];
  readonly reason: string;
  readonly message: string;
}

/**
 * The conditions with one of them set. `lastTransitionTime` moves only when the status changes: a new reason or message
 * does not restart the clock of a wait. The order of the others is kept, a new one goes last.
 */
export function setCondition(
  conditions: readonly Condition[] | undefined,
  update: ConditionUpdate,
  observedGeneration: number,
  nowMs: number,
): readonly Condition[] {
  const earlier = findCondition(conditions, update.type);
  const lastTransitionTime = earlier?.status === update.status ? earlier.lastTransitionTime : timestamp(nowMs);
  const { type, status, reason, message } = update;
  const set: Condition = { type, status, observedGeneration, lastTransitionTime, reason, message };
  return earlier
    ? (conditions ?? []).map((condition) => (condition.type === type ? set : condition))
    : [...(conditions ?? []), set];
}

/** The condition of that type, if there is one. */
export function findCondition(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/** Whether the condition is there and True. */
export function isTrue(conditions: readonly Condition[] | undefined, type: string): boolean {
  return findCondition(conditions, type)?.status === "True";
}

/** A moment as metav1.Time writes it: RFC 3339 in UTC, whole seconds. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, "Z");
}
