import { parseArgs } from "node:util";
import { ClusterSimulation, type SimulationFigures } from "../test/simulation/cluster/cluster-simulation.ts";

/**
 * `npm run sim`: whole clusters in one process on virtual time. Members crash at any call to the disk, lose what was
 * not synced, are cut off and replaced while clients write, read and watch; then checkers look at all of it.
 */
const HELP = `npm run sim [-- options]

Simulates clusters with crashes, power cuts, partitions and changes of membership. A seed decides everything: the same one
gives the same course of events. Ends with 1 at the first seed that violates something.

  --seeds N     how many seeds (default 100)
  --seed S      the first one (default 1); with --seeds 1 only this one
  --length MS   how long things go wrong, in virtual time (default 30000)
  --trace       print what the members log
  --details     print how often each thing happened
  --help        this text
`;

const { values } = parseArgs({
  options: {
    seeds: { type: "string" },
    seed: { type: "string" },
    length: { type: "string", default: "30000" },
    trace: { type: "boolean", default: false },
    details: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) process.stdout.write(HELP);
else process.exitCode = await run();

async function run(): Promise<number> {
  const first = Number(values.seed ?? 1);
  const seeds = Number(values.seeds ?? (values.seed === undefined ? 100 : 1));
  const lengthMs = Number(values.length);
  const startMs = performance.now();
  const all: SimulationFigures[] = [];
  for (let seed = first; seed < first + seeds; seed++) {
    const trace = values.trace ? (line: string): void => console.log(line) : undefined;
    try {
      all.push(await new ClusterSimulation({ seed, lengthMs, ...(trace && { trace }) }).run());
    } catch (error) {
      console.error(`seed ${String(seed)}:`, error);
      console.error(`again: npm run sim -- --seed ${String(seed)} --length ${String(lengthMs)} --trace`);
      return 1;
    }
  }
  report(all, (performance.now() - startMs) / 1000);
  return 0;
}

function report(all: readonly SimulationFigures[], seconds: number): void {
  const sum = (figure: (figures: SimulationFigures) => number): number =>
    all.reduce((total, figures) => total + figure(figures), 0);
  console.log(
    `${String(all.length)} seeds in ${seconds.toFixed(1)} s: ${String(sum((f) => f.operations))} answered operations, ` +
      `${String(sum((f) => f.watched))} watched revisions, ${String(sum((f) => f.faults))} faults, ` +
      `${String(sum((f) => f.starts))} starts, ${String(sum((f) => f.snapshots))} snapshots installed, ` +
      `${String(sum((f) => f.configurations))} configurations (${String(sum((f) => f.joint))} joint), no violation`,
  );
  if (!values.details) return;
  const names = new Set(all.flatMap(({ details }) => Object.keys(details)));
  for (const name of [...names].toSorted())
    console.log(`  ${name}: ${String(sum(({ details }) => details[name] ?? 0))}`);
}
