import type { Schema } from "./schema.ts";

/** Go's spelling of a duration without a sign, which is metav1.Duration's: `100ms`, `1m30s`, `720h`. */
export const DURATION_PATTERN = "^([0-9]+([.][0-9]+)?(ms|s|m|h))+$";

/** A field that holds a duration. */
export const DURATION = {
  type: "string",
  maxLength: 32,
  "x-kubernetes-validations": [
    { rule: `self.matches('${DURATION_PATTERN}')`, message: "must be a duration such as 100ms, 30s, 5m or 720h" },
  ],
} as const satisfies Schema;

const FORM = new RegExp(DURATION_PATTERN);
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** The milliseconds of a duration; undefined for what is none. */
export function durationMs(text: string): number | undefined {
  if (!FORM.test(text)) return undefined;
  let totalMs = 0;
  for (const [, count = "", unit = ""] of text.matchAll(/([0-9.]+)(ms|s|m|h)/g)) {
    totalMs += Number(count) * (UNIT_MS[unit] ?? Number.NaN);
  }
  return totalMs;
}
