/** What the reviver of `JSON.parse` is told about a primitive: its text in the source. */
interface ReviverContext {
  readonly source?: string;
}

/** Parses JSON whose whole numbers are 64-bit ids: every integer becomes a bigint, since a number would lose digits. */
export function parseIdJson(text: string): unknown {
  return JSON.parse(text, reviveId);
}

function reviveId(_key: string, value: unknown, context?: ReviverContext): unknown {
  const source = context?.source;
  const isInteger = typeof value === "number" && source !== undefined && /^-?\d+$/.test(source);
  return isInteger ? BigInt(source) : value;
}

/** A string as Go's encoding/json writes it: also `<`, `>`, `&` and the two line separators are escaped. */
export function goJsonString(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
