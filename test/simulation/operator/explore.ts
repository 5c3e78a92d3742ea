import { parseArgs } from "node:util";
import type { FaultKind } from "./faults.ts";
import { ALL_FAULTS, type Run, runAndReport } from "./runs.ts";
import { Violation } from "./violation.ts";

const HELP = `node test/simulation/operator/explore.ts [options]

Explores everything that can happen to a cluster under the operator's plan: every order of what nature and the operator
do, with so many faults anywhere. Ends with 1 and the way there if something happens that must not, or if the cluster
does not get to what is wanted once the faults are over. Without options: the long form, all sizes from 1 to 7.

  --members N     size of the cluster, 1 to 7
  --faults N      how many things go wrong in one course of events
  --removed HOW   what processes of removed members do: tell (as ours) or crash; both if left out
  --kinds A,B     only these faults: ${ALL_FAULTS.join(", ")}
  --help          this text
`;

/** Minutes on one core, two gigabytes of memory; three members with three faults take ten minutes and eight gigabytes. */
const LONG_FORM: readonly (readonly [members: number, faults: number])[] = [
  [1, 5],
  [2, 3],
  [3, 2],
  [5, 1],
  [7, 1],
];

const { values } = parseArgs({
  options: {
    members: { type: "string" },
    faults: { type: "string", default: "1" },
    removed: { type: "string" },
    kinds: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

if (values.help) process.stdout.write(HELP);
else process.exitCode = runAll();

function runAll(): number {
  const sizes = values.members === undefined ? LONG_FORM : [[Number(values.members), Number(values.faults)] as const];
  const odd = values.kinds?.split(",").find((kind) => !ALL_FAULTS.some((each) => each === kind));
  if (odd !== undefined) {
    console.error(`--kinds: there is no fault "${odd}"; there are: ${ALL_FAULTS.join(", ")}`);
    return 2;
  }
  const known: Readonly<Record<string, readonly Run["removed"][]>> = { tell: ["Tell"], crash: ["Crash"] };
  const ways = known[values.removed ?? ""] ?? ["Tell", "Crash"];
  const kinds = (values.kinds?.split(",") as FaultKind[] | undefined) ?? ALL_FAULTS;
  for (const [members, faults] of sizes) {
    for (const removed of ways) {
      try {
        runAndReport({ members, faults, removed }, kinds);
      } catch (error) {
        if (!(error instanceof Violation)) throw error;
        console.error(`${members} members, ${faults} faults: ${error.message}`);
        return 1;
      }
    }
  }
  return 0;
}
