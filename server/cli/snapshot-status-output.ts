import type { SnapshotStatus } from "../snapshot/snapshot-file.ts";
import type { Result } from "./result-printer.ts";

/** A status as etcdutl shows it. */
export function statusResult({ hash, revision, totalKey, totalSize, version }: SnapshotStatus): Result {
  return {
    json: { hash, revision, totalKey, totalSize, version },
    fields: [
      ["Hash", hash],
      ["Revision", revision],
      ["Keys", totalKey],
      ["Size", totalSize],
      ["Version", version],
    ],
    columns: [
      ["HASH", hash.toString(16)],
      ["REVISION", String(revision)],
      ["TOTAL KEYS", String(totalKey)],
      ["TOTAL SIZE", humanBytes(totalSize)],
      ["VERSION", version],
    ],
  };
}

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];

/** Bytes in the largest decimal unit that leaves at least one, with a decimal below ten. */
export function humanBytes(bytes: number): string {
  if (bytes < 10) return `${bytes} B`;
  const power = Math.floor(Math.log(bytes) / Math.log(1000));
  const value = Math.floor((bytes / 1000 ** power) * 10 + 0.5) / 10;
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ${UNITS[power] ?? ""}`;
}
