import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { gzipSync } from "node:zlib";

/** What becomes of log files that were put aside. */
export interface BackupRules {
  /** 0: for ever. */
  readonly maxAgeDays: number;
  /** 0: any number. */
  readonly maxBackups: number;
  /** Whether the time in their names is local instead of UTC. */
  readonly isLocalTime: boolean;
  /** Whether they are compressed with gzip. */
  readonly isCompressed: boolean;
}

const DAY_MS = 86_400_000;
const COMPRESSED = ".gz";
const TIME = /^(\d{4}-\d{2}-\d{2})T(\d{2})-(\d{2})-(\d{2}\.\d{3})$/;

/** Puts a log file aside under its time, `name-2006-01-02T15-04-05.000.ext`, and removes or compresses older ones. */
export function putAside(path: string, rules: BackupRules, now: Date): void {
  const { folder, stem, extension } = partsOf(path);
  renameSync(path, join(folder, `${stem}-${timeText(now, rules.isLocalTime)}${extension}`));
  const backups = backupsOf(path, rules.isLocalTime);
  const oldest = rules.maxAgeDays === 0 ? -Infinity : now.getTime() - rules.maxAgeDays * DAY_MS;
  const kept = rules.maxBackups === 0 ? backups.length : rules.maxBackups;
  backups.forEach(({ file, unixMs }, position) => {
    if (position >= kept || unixMs < oldest) rmSync(file, { force: true });
    else if (rules.isCompressed && !file.endsWith(COMPRESSED)) compress(file);
  });
}

interface Backup {
  readonly file: string;
  readonly unixMs: number;
}

/** The newest first. */
function backupsOf(path: string, isLocalTime: boolean): readonly Backup[] {
  const { folder, stem, extension } = partsOf(path);
  const found: Backup[] = [];
  for (const name of readdirSync(folder)) {
    const plain = name.endsWith(COMPRESSED) ? name.slice(0, -COMPRESSED.length) : name;
    if (!plain.startsWith(`${stem}-`) || !plain.endsWith(extension)) continue;
    const unixMs = timeOf(plain.slice(stem.length + 1, plain.length - extension.length), isLocalTime);
    if (unixMs !== undefined) found.push({ file: join(folder, name), unixMs });
  }
  return found.toSorted((a, b) => b.unixMs - a.unixMs);
}

function partsOf(path: string): { readonly folder: string; readonly stem: string; readonly extension: string } {
  const extension = extname(path);
  return { folder: dirname(path), stem: basename(path, extension), extension };
}

function timeText(time: Date, isLocal: boolean): string {
  const shown = isLocal ? new Date(time.getTime() - time.getTimezoneOffset() * 60_000) : time;
  return shown.toISOString().slice(0, -1).replaceAll(":", "-");
}

function timeOf(text: string, isLocal: boolean): number | undefined {
  const [, day, hours, minutes, seconds] = TIME.exec(text) ?? [];
  if (day === undefined) return undefined;
  const unixMs = Date.parse(`${day}T${hours}:${minutes}:${seconds}${isLocal ? "" : "Z"}`);
  return Number.isNaN(unixMs) ? undefined : unixMs;
}

/** The compressed file is there under its name only when it is whole. */
function compress(file: string): void {
  const fresh = `${file}${COMPRESSED}.new`;
  writeFileSync(fresh, gzipSync(readFileSync(file)), { mode: 0o600 });
  renameSync(fresh, file + COMPRESSED);
  rmSync(file);
}
