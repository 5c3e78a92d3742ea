import type { FieldCause, KubeFault } from "./kube-error.ts";

/** metav1.Status, as far as it is read; anything of it may be missing when a proxy answers. */
export interface StatusBody {
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: {
    readonly retryAfterSeconds?: number;
    readonly causes?: readonly { readonly field?: string; readonly reason?: string; readonly message?: string }[];
  };
}

/** What an answer that is no success means for the caller. */
export function faultOf(status: number, body: StatusBody, retryAfterHeader: string | undefined): KubeFault {
  const retryAfter = retryAfterOf(body, retryAfterHeader);
  if (isTooNewVersion(body)) return { kind: "Gone" };
  switch (status) {
    case 401:
      return { kind: "Unauthorized" };
    case 403:
      return { kind: "Forbidden" };
    case 404:
      return { kind: "NotFound" };
    case 408:
    case 504:
      return { kind: "Timeout" };
    case 409:
      return { kind: body.reason === "AlreadyExists" ? "AlreadyExists" : "Conflict" };
    case 410:
      return { kind: "Gone" };
    case 429:
      return { kind: "TooManyRequests", ...retryAfter };
    default:
      if (status >= 500) return { kind: "Unavailable", isSent: true, ...retryAfter };
      return { kind: "Invalid", causes: (body.details?.causes ?? []).map(fieldCause) };
  }
}

/** What the server says, with the fields that it refuses; in plain words where it says nothing. */
export function faultText(status: number, body: StatusBody): string {
  return body.message ?? `the API server answered with HTTP status ${String(status)} and no explanation`;
}

/** We have seen a later state than the server has: it was restored from a backup. Only listing again helps. */
function isTooNewVersion({ details }: StatusBody): boolean {
  return details?.causes?.some(({ reason }) => reason === "ResourceVersionTooLarge") ?? false;
}

function retryAfterOf(body: StatusBody, header: string | undefined): { readonly retryAfterMs?: number } {
  const seconds = body.details?.retryAfterSeconds ?? (header === undefined ? Number.NaN : Number(header));
  return Number.isFinite(seconds) && seconds > 0 ? { retryAfterMs: seconds * 1000 } : {};
}

function fieldCause({ field = "", reason = "", message = "" }: Partial<FieldCause>): FieldCause {
  return { field, reason, message };
}
