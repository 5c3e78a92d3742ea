/** Tests that are left out, and why. */
export interface Skipped {
  readonly pattern: string;
  readonly reason: string;
}

/** Reads a list with a pattern and, after blanks, its reason on every line; `#` begins a comment line. Throws at a line without a reason. */
export function parseSkipList(text: string): readonly Skipped[] {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return lines.map((line) => {
    const [, pattern = "", reason = ""] = /^(\S+)\s+(\S.*)$/.exec(line) ?? [];
    if (reason === "") throw new SyntaxError(`${JSON.stringify(line)} has no reason: write it after the pattern`);
    return { pattern, reason };
  });
}

/** One regular expression that matches what any of them does; undefined: nothing is left out. */
export function skipRegex(skipped: readonly Skipped[]): string | undefined {
  return skipped.length === 0 ? undefined : skipped.map(({ pattern }) => pattern).join("|");
}
