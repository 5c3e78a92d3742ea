/** The texts that were given, by the name of the flag as it was written: present or old. */
export type Given = ReadonlyMap<string, string>;

/**
 * Adds what was given to what was given before it. The later one wins, except that feature gates add up:
 * `--feature-gates A=true --feature-gates B=true` opens both.
 */
export function give(given: Map<string, string>, name: string, text: string): void {
  const before = given.get(name);
  given.set(name, name === "feature-gates" && before !== undefined ? `${before},${text}` : text);
}
