import { expect, test } from "vitest";
import { runAndReport } from "./runs.ts";

/** The long form: `node test/simulation/operator/explore.ts`. */
const RUNS = [
  { members: 1, faults: 3, removed: "Tell", statesMin: 7000 },
  { members: 2, faults: 2, removed: "Crash", statesMin: 20_000 },
  { members: 3, faults: 1, removed: "Crash", statesMin: 5000 },
  { members: 5, faults: 1, removed: "Tell", statesMin: 30_000 },
] as const;

test.each(RUNS)(
  "$members members and $faults faults: whatever happens, the plan leads to what is wanted and harms nothing on the way",
  ({ statesMin, ...run }) => {
    expect(runAndReport(run).states).toBeGreaterThan(statesMin);
  },
);
