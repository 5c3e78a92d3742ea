import type { ResourceKind, ResourcePlace } from "./resource-kind.ts";

/** What is done to objects, in the words of RBAC rules; `apply` is a patch on the wire. */
export type Verb = "get" | "list" | "watch" | "create" | "update" | "patch" | "apply" | "delete";

/** One call to the API server. */
export interface ApiCall {
  readonly verb: Verb;
  readonly kind: ResourceKind;
  readonly place: ResourcePlace;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  /** How long one attempt may take. */
  readonly timeoutMs?: number;
  /** How often it is tried at most. */
  readonly attemptsMax?: number;
  readonly signal?: AbortSignal;
}

/** What may be set for any call. */
export type CallLimits = Pick<ApiCall, "timeoutMs" | "attemptsMax" | "signal">;

/** A call that is over, for metrics. */
export interface FinishedCall {
  readonly verb: Verb;
  /** `statefulsets`, or `statefulsets/status`. */
  readonly resource: string;
  /** The HTTP status, or the fault where there was no answer. */
  readonly code: string;
  readonly durationMs: number;
}

interface WireForm {
  readonly method: string;
  readonly contentType?: string;
  readonly isWrite: boolean;
  /** Whether doing it twice is the same as doing it once. */
  readonly isIdempotent: boolean;
}

/** How each verb travels. */
export const WIRE_FORMS = {
  get: { method: "GET", isWrite: false, isIdempotent: true },
  list: { method: "GET", isWrite: false, isIdempotent: true },
  watch: { method: "GET", isWrite: false, isIdempotent: true },
  create: { method: "POST", contentType: "application/json", isWrite: true, isIdempotent: false },
  update: { method: "PUT", contentType: "application/json", isWrite: true, isIdempotent: true },
  patch: { method: "PATCH", contentType: "application/merge-patch+json", isWrite: true, isIdempotent: true },
  // JSON is YAML: the API server knows no JSON form of this one.
  apply: { method: "PATCH", contentType: "application/apply-patch+yaml", isWrite: true, isIdempotent: true },
  delete: { method: "DELETE", contentType: "application/json", isWrite: true, isIdempotent: true },
} as const satisfies Record<Verb, WireForm>;

/** A resource with its subresource, as RBAC rules and metrics name it. */
export function resourceName({ kind, place }: ApiCall): string {
  return place.subresource === undefined ? kind.plural : `${kind.plural}/${place.subresource}`;
}

/** The call in words: `update statefulsets default/db`. */
export function callText(call: ApiCall): string {
  const { namespace, name } = call.place;
  const where = [namespace, name].filter((part) => part !== undefined && part !== "").join("/");
  return `${call.verb} ${resourceName(call)}${where === "" ? "" : ` ${where}`}`;
}
