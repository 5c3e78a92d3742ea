/**
 * A file operation failed: full, missing, refused, held by another process, unreadable. It names what was done
 * to which path; the cause carries the system's words. A failed write or sync is never retried: design decision 13.
 */
export class DiskError extends Error {
  override readonly name = "DiskError";
  readonly operation: string;
  readonly path: string;
  /** The system's short name of the failure, such as ENOSPC; undefined where it has none. */
  readonly code: string | undefined;

  constructor(operation: string, path: string, cause: unknown) {
    super(`${operation} ${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.operation = operation;
    this.path = path;
    this.code = codeOf(cause);
  }
}

function codeOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error) || !("code" in cause)) return undefined;
  return typeof cause.code === "string" ? cause.code : undefined;
}
