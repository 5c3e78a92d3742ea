import { messageOf } from "../base/message-of.ts";

/**
 * A file operation failed: full, missing, refused, held by another process, unreadable. It names what was done
 * to which path; the cause carries the system's words. A failed write or sync is never retried: design decision 13.
 * Of a full disk it also says what to do: it is the one failure that whoever reads the last line can mend at once.
 */
export class DiskError extends Error {
  override readonly name = "DiskError";
  readonly operation: string;
  readonly path: string;
  /** The system's short name of the failure, such as ENOSPC; undefined where it has none. */
  readonly code: string | undefined;

  constructor(operation: string, path: string, cause: unknown) {
    const code = codeOf(cause);
    const advice = code !== undefined && FULL.has(code) ? `; ${MAKE_ROOM}` : "";
    super(`${operation} ${path}: ${messageOf(cause)}${advice}`, { cause });
    this.operation = operation;
    this.path = path;
    this.code = code;
  }
}

/** No block is left, or none for this user. */
const FULL: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT"]);
const MAKE_ROOM =
  "the disk is full: make room on it and start this member again, it then goes on with everything that it has acknowledged";

function codeOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error) || !("code" in cause)) return undefined;
  return typeof cause.code === "string" ? cause.code : undefined;
}
