import { Violation, type History } from "./history.ts";

/** Every value is written by one call only: a value that appears at two revisions was applied twice. */
export function checkAppliedOnce(history: History): void {
  const seen = new Map<string, number>();
  for (let revision = 1; revision <= history.last; revision++) {
    for (const { key, value } of history.changes(revision) ?? []) {
      if (value === undefined) continue;
      const earlier = seen.get(value);
      if (earlier !== undefined) {
        throw new Violation(
          `${key}=${value.slice(0, 12)} was applied at ${String(earlier)} and again at ${String(revision)}`,
        );
      }
      seen.set(value, revision);
    }
  }
}
