import { accepted, rejected } from "./parsed.ts";
import type { Parsed } from "./parsed.ts";

const TRUE_WORDS = new Set(["1", "t", "T", "TRUE", "true", "True"]);
const FALSE_WORDS = new Set(["0", "f", "F", "FALSE", "false", "False"]);

const PARSE_ERROR = rejected("parse error");
const OUT_OF_RANGE = rejected("value out of range");

/** The ranges of Go's integer types. */
export const INTEGER_RANGES = {
  int: [-(2n ** 63n), 2n ** 63n - 1n],
  uint: [0n, 2n ** 64n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
} as const;

/** Reads one of the twelve words that Go takes for a truth value. */
export function parseBool(text: string): Parsed<boolean> {
  if (TRUE_WORDS.has(text)) return accepted(true);
  if (FALSE_WORDS.has(text)) return accepted(false);
  return PARSE_ERROR;
}

const INTEGER =
  /^([+-]?)(?:0[xX]_?([0-9a-fA-F]+(?:_[0-9a-fA-F]+)*)|0[bB]_?([01]+(?:_[01]+)*)|0[oO]?_?([0-7]+(?:_[0-7]+)*)|(0|[1-9]\d*(?:_\d+)*))$/;

/**
 * Reads an integer as Go does with base 0: decimal, 0x, 0o, 0b, a leading 0 for octal, and underscores between digits.
 * Above 2^53 the number is the nearest one that a `number` can hold: such a value is a limit that nothing reaches.
 */
export function parseInteger(text: string, type: keyof typeof INTEGER_RANGES): Parsed<number> {
  const match = INTEGER.exec(text);
  if (match === null) return PARSE_ERROR;
  const [, sign, hex, binary, octal, decimal] = match;
  if (sign !== "" && type !== "int") return PARSE_ERROR;
  const magnitude = magnitudeOf([
    ["0x", hex],
    ["0b", binary],
    ["0o", octal],
    ["", decimal],
  ]);
  const value = sign === "-" ? -magnitude : magnitude;
  const [least, most] = INTEGER_RANGES[type];
  return value < least || value > most ? OUT_OF_RANGE : accepted(Number(value));
}

function magnitudeOf(forms: readonly (readonly [prefix: string, digits: string | undefined])[]): bigint {
  for (const [prefix, digits] of forms) if (digits !== undefined) return BigInt(prefix + digits.replaceAll("_", ""));
  return 0n;
}
