import { Code, RpcError } from "../rpc/status.ts";

/** How calls end when a member goes away, is cut off, or has no leader: another attempt, elsewhere or later, may succeed. */
const PASSING: ReadonlySet<Code> = new Set([Code.UNAVAILABLE, Code.INTERNAL, Code.CANCELED, Code.ABORTED]);

/** Whether a failure may pass by itself. A refusal is an answer, and stays one. */
export function isPassing(error: unknown): boolean {
  return error instanceof RpcError && (PASSING.has(error.code) || isTokenRefusal(error));
}

/** Texts of etcd that say that a token, not the user, is refused: a new login is all that it takes. */
const TOKEN_REFUSALS = ["etcdserver: invalid auth token", "etcdserver: revision of auth store is old"];

/** Whether the text or the failure says that the token has expired, or that the users have changed since the login. */
export function isTokenRefusal(failure: unknown): boolean {
  const text = failure instanceof RpcError ? failure.message : failure;
  return typeof text === "string" && TOKEN_REFUSALS.some((refusal) => text.includes(refusal));
}
