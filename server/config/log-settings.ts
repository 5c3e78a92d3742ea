import { accepted, rejected } from "./parsed.ts";
import type { Parsed } from "./parsed.ts";
import type { Settings } from "./settings.ts";

/** `json`: one object a line; `console`: tabs between time, level, caller, message and the fields as JSON. */
export type LogFormat = "json" | "console";

/** When a log file is put aside and how long such files are kept. */
export interface LogRotation {
  /** A file that would grow beyond this is put aside. */
  readonly maxBytes: number;
  /** 0: for ever. */
  readonly maxAgeDays: number;
  /** 0: any number. */
  readonly maxBackups: number;
  /** Whether the time in the name of a file put aside is local instead of UTC. */
  readonly isLocalTime: boolean;
  /** Whether files put aside are compressed with gzip. */
  readonly isCompressed: boolean;
}

const MEGABYTE = 1024 * 1024;
/** lumberjack's, for a size of 0. */
const DEFAULT_MAX_MEGABYTES = 100;
const STREAMS: readonly string[] = ["default", "stderr", "stdout"];
const JOURNAL = "systemd/journal";

/** What is wrong with where the log goes and how it looks, in etcd's sentences. */
export function flawOfLogOutputs(settings: Settings): string | undefined {
  const outputs = settings.get("log-outputs");
  if (outputs.length > 1 && outputs.includes("default")) return `multi logoutput for "default" is not supported yet`;
  if (outputs.includes(JOURNAL)) {
    return `--log-outputs=${JOURNAL} is not built: use "stderr", which systemd brings to the journal by itself`;
  }
  const files = outputs.filter((output) => !STREAMS.includes(output));
  if (settings.get("enable-log-rotation") && files.length !== 1) {
    return "--log-outputs requires a single file path when --log-rotate-config-json is defined";
  }
  const format = settings.get("log-format");
  return ["", "json", "console"].includes(format)
    ? undefined
    : `unknown log format: ${format}, supported values json, console`;
}

/** `stderr`, `stdout` or paths of files, each once. */
export function logOutputsOf(settings: Settings): readonly string[] {
  const outputs = settings.get("log-outputs");
  const named = outputs.length === 0 ? ["default"] : outputs;
  return Object.freeze([...new Set(named.map((output) => (output === "default" ? "stderr" : output)))]);
}

/** The rotation that was asked for; nothing where none is wanted. Keys are read without regard to case, as Go does. */
export function parseLogRotation(settings: Settings): Parsed<LogRotation | undefined> {
  if (!settings.get("enable-log-rotation")) return accepted(undefined);
  const text = settings.get("log-rotation-config-json");
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    return rejected(`improperly formatted log rotation config: ${(error as Error).message}`);
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    return rejected(`invalid log rotation config: ${text} is not an object`);
  }
  const fields = new Map(Object.entries(parsed).map(([key, value]) => [key.toLowerCase(), value as unknown]));
  const wrong = [...fields].find(([key, value]) => key in KINDS && !isOfKind(KINDS[key as keyof typeof KINDS], value));
  if (wrong !== undefined) {
    return rejected(`invalid log rotation config: ${wrong[0]} cannot be ${JSON.stringify(wrong[1])}`);
  }
  const count = (key: string): number => (fields.get(key) as number | undefined) ?? 0;
  return accepted({
    maxBytes: (count("maxsize") || DEFAULT_MAX_MEGABYTES) * MEGABYTE,
    maxAgeDays: count("maxage"),
    maxBackups: count("maxbackups"),
    isLocalTime: fields.get("localtime") === true,
    isCompressed: fields.get("compress") === true,
  });
}

const KINDS = {
  maxsize: "count",
  maxage: "count",
  maxbackups: "count",
  localtime: "bool",
  compress: "bool",
} as const;

function isOfKind(kind: "count" | "bool", value: unknown): boolean {
  return kind === "bool" ? typeof value === "boolean" : Number.isSafeInteger(value) && (value as number) >= 0;
}
