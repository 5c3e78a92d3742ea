import { DataFolderError } from "../node/data-folder.ts";
import { RestoreError } from "../node/restore-snapshot.ts";
import { DiskError } from "../ports/disk-error.ts";
import { SnapshotError } from "../snapshot/snapshot-error.ts";
import { WalError } from "../wal/wal-error.ts";

/** A command that cannot be carried out: one line for a person, and etcd's exit code. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly exitCode: number;

  constructor(message: string, exitCode = 1, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** etcd's exit codes of its tools. */
export const ExitCode = { error: 1, unsupportedOutput: 4, badArguments: 128 } as const;

/** Outcomes whose message says all that a person needs. */
const EXPLAINED = [RestoreError, SnapshotError, WalError, DataFolderError];

/** The one line and the exit code for an outcome; undefined for a bug. */
export function explain(error: unknown): { readonly line: string; readonly exitCode: number } | undefined {
  if (error instanceof CommandError) return { line: error.message, exitCode: error.exitCode };
  if (error instanceof DiskError) return { line: diskLine(error), exitCode: ExitCode.error };
  const isExplained = error instanceof Error && EXPLAINED.some((kind) => error instanceof kind);
  return isExplained ? { line: error.message, exitCode: ExitCode.error } : undefined;
}

/** "open FILE: no such file or directory", as Go programs say it. */
function diskLine({ operation, path, cause, message }: DiskError): string {
  const words = cause instanceof Error ? /^E[A-Z]+: (.+?), /.exec(cause.message)?.[1] : undefined;
  return words === undefined ? message : `${operation} ${path}: ${words}`;
}
