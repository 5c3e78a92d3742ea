const LOG_LINE = /^\s*(DEBUG|INFO|WARN|ERROR|FATAL) /;

/** The expected lines that are compared: all but log lines, for our raft does not log. */
export function comparedLines(expected: readonly string[]): string[] {
  const kept = expected.filter((line) => !LOG_LINE.test(line));
  // A directive that only logged has no output of its own, which scripts show as "ok".
  return kept.length === 0 && expected.length > 0 ? ["ok"] : kept;
}

/** The first difference between expected and actual output, undefined if there is none. */
export function difference(expected: readonly string[], actual: string): string | undefined {
  const wanted = comparedLines(expected);
  const got = actual.replace(/\n$/, "").split("\n");
  for (let i = 0; i < Math.max(wanted.length, got.length); i++) {
    if (wanted[i] !== got[i]) return `line ${i + 1}: expected ${quote(wanted[i])}, got ${quote(got[i])}`;
  }
  return undefined;
}

function quote(line: string | undefined): string {
  return line === undefined ? "nothing" : JSON.stringify(line);
}
