import type { DiskError } from "../../server/ports/disk-error.ts";

/** What failed, in the system's words: what a DiskError advises is for whoever runs a member, and here is none. */
export function diskWords({ operation, path, cause }: DiskError): string {
  return `${operation} ${path}: ${cause instanceof Error ? cause.message : String(cause)}`;
}
