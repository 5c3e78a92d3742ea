/** One field that the API server refuses. */
export interface FieldCause {
  readonly field: string;
  readonly reason: string;
  readonly message: string;
}

/** Every way in which a call can fail, as far as callers treat them differently. */
export type KubeFault =
  | { readonly kind: "NotFound" }
  /** The object has changed since it was read. */
  | { readonly kind: "Conflict" }
  | { readonly kind: "AlreadyExists" }
  /** What the call wants to go on from is no longer kept: list again. */
  | { readonly kind: "Gone" }
  | { readonly kind: "TooManyRequests"; readonly retryAfterMs?: number }
  /** Not logged in: the token or certificate is not accepted. */
  | { readonly kind: "Unauthorized" }
  | { readonly kind: "Forbidden" }
  /** The request itself is refused and will be again. */
  | { readonly kind: "Invalid"; readonly causes: readonly FieldCause[] }
  /** The server cannot answer now; `isSent` false: it has certainly not seen the request. */
  | { readonly kind: "Unavailable"; readonly isSent: boolean; readonly retryAfterMs?: number }
  /** No answer in time; whether the server acted is not known. */
  | { readonly kind: "Timeout" }
  /** We are not the leader (any more): nothing was sent. */
  | { readonly kind: "NotLeader" }
  /** The caller has given up. */
  | { readonly kind: "Cancelled" };

/** A call to the API server that did not succeed. */
export class KubeError extends Error {
  override readonly name = "KubeError";
  readonly fault: KubeFault;
  /** The HTTP status, if there was an answer. */
  readonly status: number | undefined;

  constructor(fault: KubeFault, message: string, options: ErrorOptions & { readonly status?: number } = {}) {
    super(message, options);
    this.fault = fault;
    this.status = options.status;
  }
}

/** Whether an error is a failed call of that kind. */
export function isFault(error: unknown, ...kinds: readonly KubeFault["kind"][]): error is KubeError {
  return error instanceof KubeError && kinds.includes(error.fault.kind);
}

/** How long the server wants to be left alone, if it said so. */
export function retryAfterOf(error: unknown): number | undefined {
  return error instanceof KubeError && "retryAfterMs" in error.fault ? error.fault.retryAfterMs : undefined;
}
