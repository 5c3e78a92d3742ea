import { parseDuration } from "./duration.ts";
import { accepted, rejected } from "./parsed.ts";
import type { Parsed } from "./parsed.ts";

/** When the server compacts by itself, and how much history it keeps. */
export type AutoCompaction =
  | { readonly mode: "off" }
  | { readonly mode: "periodic"; readonly retentionMs: number }
  | { readonly mode: "revision"; readonly retentionRevisions: number };

const MS_PER_HOUR = 3_600_000;

/** Reads --auto-compaction-mode and --auto-compaction-retention together: the mode says what a bare number counts. */
export function parseAutoCompaction(mode: string, retention: string): Parsed<AutoCompaction> {
  if (mode === "") return rejected("undefined auto-compaction-mode");
  if (mode !== "periodic" && mode !== "revision") {
    return rejected(`unknown auto-compaction-mode ${JSON.stringify(mode)}`);
  }
  const amount = /^\+?\d+$/.test(retention) ? Number(retention) : undefined;
  if (mode === "revision") {
    if (amount === undefined) {
      return rejected(`--auto-compaction-retention=${retention} must be a number of revisions in mode revision`);
    }
    return accepted(amount === 0 ? { mode: "off" } : { mode, retentionRevisions: amount });
  }
  const duration = amount === undefined ? parseDuration(retention) : accepted(amount * MS_PER_HOUR);
  if (!duration.ok) {
    return rejected(`error parsing CompactionRetention: time: invalid duration ${JSON.stringify(retention)}`);
  }
  return accepted(duration.value <= 0 ? { mode: "off" } : { mode, retentionMs: duration.value });
}
