import type { SnapshotStatus } from "../snapshot/snapshot-file.ts";
import { CommandError, ExitCode } from "./command-error.ts";

/** The forms in which etcdutl prints a status. */
const PRINTERS: Readonly<Record<string, (status: SnapshotStatus) => string>> = {
  simple: (status) => `${cells(status).join(", ")}\n`,
  table,
  json: ({ hash, revision, totalKey, totalSize, version }) =>
    `${JSON.stringify({ hash, revision, totalKey, totalSize, version })}\n`,
  fields: ({ hash, revision, totalKey, totalSize, version }) =>
    `"Hash" : ${hash}\n"Revision" : ${revision}\n"Keys" : ${totalKey}\n"Size" : ${totalSize}\n"Version" : ${version}\n`,
};

/** The printer of a format; unknown ones, and protobuf, which no message stands for, are refused. */
export function statusPrinter(format: string): (status: SnapshotStatus) => string {
  const printer = Object.hasOwn(PRINTERS, format) ? PRINTERS[format] : undefined;
  if (printer !== undefined) return printer;
  const reason = format === "protobuf" ? "protobuf not supported as output format" : "unsupported output format";
  throw new CommandError(reason, ExitCode.unsupportedOutput);
}

function cells({ hash, revision, totalKey, totalSize, version }: SnapshotStatus): readonly string[] {
  return [hash.toString(16), String(revision), String(totalKey), humanBytes(totalSize), version];
}

const HEADER = ["HASH", "REVISION", "TOTAL KEYS", "TOTAL SIZE", "VERSION"];

/** Headings are centered, values end at the right. */
function table(status: SnapshotStatus): string {
  const row = cells(status);
  const widths = HEADER.map((heading, column) => Math.max(heading.length, row[column]?.length ?? 0));
  const rule = `+${widths.map((width) => "-".repeat(width + 2)).join("+")}+\n`;
  const headings = HEADER.map((heading, column) => centered(heading, widths[column] ?? 0));
  return rule + line(headings) + rule + line(row.map((text, column) => text.padStart(widths[column] ?? 0))) + rule;
}

function line(texts: readonly string[]): string {
  return `| ${texts.join(" | ")} |\n`;
}

function centered(text: string, width: number): string {
  const left = Math.floor((width - text.length) / 2);
  return (" ".repeat(left) + text).padEnd(width);
}

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];

/** Bytes in the largest decimal unit that leaves at least one, with a decimal below ten. */
export function humanBytes(bytes: number): string {
  if (bytes < 10) return `${bytes} B`;
  const power = Math.floor(Math.log(bytes) / Math.log(1000));
  const value = Math.floor((bytes / 1000 ** power) * 10 + 0.5) / 10;
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ${UNITS[power] ?? ""}`;
}
