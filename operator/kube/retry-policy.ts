import type { KubeFault } from "./kube-error.ts";

/** How often one call is tried in all. */
export const CALL_ATTEMPTS_MAX = 5;
/** Who is told to come back later than this does not wait here: the work queue has better things to do meanwhile. */
export const RETRY_AFTER_MAX_MS = 10_000;
const BACKOFF_MIN_MS = 200;
const BACKOFF_MAX_MS = 5_000;

/** A call that failed. */
export interface FailedCall {
  readonly fault: KubeFault;
  /** Whether doing it twice is the same as doing it once. */
  readonly isIdempotent: boolean;
  /** Which attempt it was, from 1 on. */
  readonly attempt: number;
  /** How often it may be tried; at most `CALL_ATTEMPTS_MAX`. */
  readonly attemptsMax: number;
}

/**
 * How long to wait before trying again; undefined: not at all. What the server has certainly not done is tried again
 * whatever it is, what it may have done only if doing it twice does no harm. What was refused is never repeated.
 */
export function retryDelayMs(call: FailedCall, random: () => number): number | undefined {
  if (call.attempt >= Math.min(call.attemptsMax, CALL_ATTEMPTS_MAX) || !mayRetry(call)) return undefined;
  const retryAfterMs = "retryAfterMs" in call.fault ? (call.fault.retryAfterMs ?? 0) : 0;
  if (retryAfterMs > RETRY_AFTER_MAX_MS) return undefined;
  const ceilingMs = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** (call.attempt - 1));
  return retryAfterMs + ceilingMs * (0.5 + random() / 2);
}

function mayRetry({ fault, isIdempotent }: FailedCall): boolean {
  switch (fault.kind) {
    case "TooManyRequests":
      return true;
    case "Unavailable":
      // With Retry-After the server says that it has turned the request away (client-go: IsRetryableError).
      return isIdempotent || !fault.isSent || fault.retryAfterMs !== undefined;
    case "Timeout":
      return isIdempotent;
    case "NotFound":
    case "Conflict":
    case "AlreadyExists":
    case "Gone":
    case "Unauthorized":
    case "Forbidden":
    case "Invalid":
    case "NotLeader":
    case "Cancelled":
      return false;
  }
}
