/** What became of the cases of a Go test run. */
export interface SuiteOutcomes {
  /** The cases without cases of their own, by outcome, sorted; `run` ones never ended. */
  readonly leaves: ReadonlyMap<string, SuiteOutcome>;
}

/** How a case ended. */
export type SuiteOutcome = "run" | "pass" | "fail" | "skip";

const OUTCOMES: readonly string[] = ["run", "pass", "fail", "skip"] satisfies readonly SuiteOutcome[];

/** Reads the lines that `go tool test2json` writes. */
export function suiteOutcomes(log: string): SuiteOutcomes {
  const outcomes = new Map<string, SuiteOutcome>();
  for (const line of log.split("\n")) {
    if (!line.startsWith("{")) continue;
    const event = JSON.parse(line) as { readonly Test?: string; readonly Action: string };
    if (event.Test !== undefined && OUTCOMES.includes(event.Action)) {
      outcomes.set(event.Test, event.Action as SuiteOutcome);
    }
  }
  const parents = new Set([...outcomes.keys()].flatMap(ancestorsOf));
  const leaves = [...outcomes].filter(([name]) => !parents.has(name));
  return { leaves: new Map(leaves.toSorted(([a], [b]) => (a < b ? -1 : 1))) };
}

function ancestorsOf(name: string): readonly string[] {
  const parts = name.split("/");
  return parts.slice(1).map((_, at) => parts.slice(0, at + 1).join("/"));
}
