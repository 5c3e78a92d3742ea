import { durationMs } from "../types/duration.ts";

/** A place to listen at. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** What the text of a setting of each kind becomes. */
export interface ValueOfKind {
  readonly switch: boolean;
  readonly text: string;
  readonly list: readonly string[];
  readonly count: number;
  /** Milliseconds. */
  readonly duration: number;
  /** Undefined: do not listen. */
  readonly address: ListenAddress | undefined;
}

/** One setting: everything that the flags, the environment and the help know of it. */
export interface Option {
  readonly name: string;
  readonly kind: keyof ValueOfKind;
  /** As one would type it; "" for a text or a list is none. */
  readonly default: string;
  readonly help: string;
  /** What the help shows instead of an empty default. */
  readonly defaultShown?: string;
  /** The only texts that are values at all. */
  readonly choices?: readonly string[];
  readonly min?: number;
  readonly max?: number;
}

/** A value, or in words what would be one. */
export type Parsed = { readonly value: unknown } | { readonly problem: string };

/** The environment variable of a setting: `--log-level` is KVORUM_OPERATOR_LOG_LEVEL. */
export function environmentName({ name }: Pick<Option, "name">): string {
  return `KVORUM_OPERATOR_${name.toUpperCase().replaceAll("-", "_")}`;
}

/** Reads the text of one setting. */
export function parseOption(option: Option, text: string): Parsed {
  if (option.choices !== undefined && !option.choices.includes(text)) {
    return { problem: `must be ${option.choices.join(" or ")}` };
  }
  switch (option.kind) {
    case "switch":
      if (text === "true" || text === "false") return { value: text === "true" };
      return { problem: "must be true or false" };
    case "text":
      return { value: text };
    case "list":
      return parseList(text);
    case "count":
      return parseCount(option, text);
    case "duration":
      return parseDuration(option, text);
    case "address":
      return parseAddress(text);
  }
}

function parseList(text: string): Parsed {
  const items = text.split(",").map((item) => item.trim());
  if (text.trim() === "") return { value: [] };
  if (items.includes("")) return { problem: "must be names with commas between, such as team-a,team-b" };
  return { value: [...new Set(items)] };
}

function parseCount({ min = 0, max = Number.MAX_SAFE_INTEGER }: Option, text: string): Parsed {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= min && count <= max) return { value: count };
  return { problem: `must be a whole number from ${String(min)} to ${String(max)}` };
}

function parseDuration({ min = 0, max = Number.MAX_SAFE_INTEGER }: Option, text: string): Parsed {
  const ms = durationMs(text);
  if (ms === undefined) return { problem: "must be a duration such as 500ms, 30s, 10m or 1h30m" };
  if (ms < min || ms > max) return { problem: `must be from ${String(min / 1000)}s to ${String(max / 1000)}s` };
  return { value: ms };
}

/** As in Go: `:8080` is every address of the machine, `0` is nowhere. */
function parseAddress(text: string): Parsed {
  if (text === "0") return { value: undefined };
  const [, bracketed, plain = "", digits = ""] = /^(?:\[([^\]]+)\]|([^:]*)):(\d+)$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === "" || port > 65_535) return { problem: "must be :PORT, HOST:PORT, [IPv6]:PORT, or 0 for none" };
  return { value: { host: bracketed ?? plain, port } };
}
