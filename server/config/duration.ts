import { accepted, rejected } from "./parsed.ts";
import type { Parsed } from "./parsed.ts";

const MS_OF_UNIT: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Go's durations are 64-bit nanoseconds. */
const LONGEST_MS = 2 ** 63 / 1e6;

const WHOLE = /^([+-]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;
const PART = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g;

/** Reads a duration as Go writes it (`1m30s`, `100ms`, `1.5h`, `0`) and returns milliseconds. */
export function parseDuration(text: string): Parsed<number> {
  if (/^[+-]?0$/.test(text)) return accepted(0);
  const match = WHOLE.exec(text);
  if (match === null) return rejected("parse error");
  const [, sign, parts = ""] = match;
  let total = 0;
  for (const [, amount = "", unit = ""] of parts.matchAll(PART)) total += Number(amount) * (MS_OF_UNIT[unit] ?? 0);
  if (total >= LONGEST_MS) return rejected("parse error");
  return accepted(sign === "-" ? -total : total);
}
