import { messageOf } from "../base/message-of.ts";
import { DataFolderError } from "../node/data-folder.ts";
import { CorruptionError } from "../node/corruption-check.ts";
import { BootstrapError } from "../node/bootstrap.ts";
import { DiskError } from "../ports/disk-error.ts";
import { TlsFileError } from "../host/tls-files.ts";
import type { Logger } from "../ports/logger.ts";
import { WalError } from "../wal/wal-error.ts";

/** Errors whose message says all that a person needs; for the others the stack is what a developer needs. */
const EXPLAINED = [BootstrapError, CorruptionError, DataFolderError, DiskError, TlsFileError, WalError];

/** Ends the process at a failed disk, a broken invariant or an unhandled rejection (design decision 13). */
export function fatalHandler(logger: Logger): (error: unknown) => void {
  const end = (error: unknown): void => {
    const isExplained = EXPLAINED.some((kind) => error instanceof kind) || isListenError(error);
    logger.error(isExplained ? messageOf(error) : "the server ends: a bug, or a system that cannot be trusted", {
      error: messageOf(error),
      ...(!isExplained && error instanceof Error && { stack: error.stack, cause: messageOf(error.cause) }),
    });
    process.exit(1);
  };
  process.on("uncaughtException", end);
  process.on("unhandledRejection", end);
  return end;
}

function isListenError(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("cannot listen on");
}
