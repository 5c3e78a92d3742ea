import { describe, expect, test } from "vitest";
import { ClusterSimulation, type SimulationFigures } from "./cluster-simulation.ts";

const SEEDS_PER_TEST = 10;
const TESTS = 5;

async function runSeed(seed: number): Promise<SimulationFigures> {
  try {
    return await new ClusterSimulation({ seed }).run();
  } catch (error) {
    throw new Error(`again: npm run sim -- --seed ${String(seed)} --trace`, { cause: error });
  }
}

describe("a simulated cluster with crashes, power cuts, partitions and changes of membership", () => {
  const all: SimulationFigures[] = [];
  const blocks = Array.from({ length: TESTS }, (_, i) => i * SEEDS_PER_TEST + 1);

  test.each(blocks)("loses nothing, invents nothing and recovers, seeds from %i", async (first) => {
    for (let seed = first; seed < first + SEEDS_PER_TEST; seed++) all.push(await runSeed(seed));
  });

  test("does everything that it is meant to provoke", () => {
    const sum = (figure: (figures: SimulationFigures) => number): number =>
      all.reduce((total, figures) => total + figure(figures), 0);
    const seeds = all.length;
    const figures = {
      operations: sum((run) => run.operations),
      faults: sum((run) => run.faults),
      starts: sum((run) => run.starts),
      snapshots: sum((run) => run.snapshots),
      joint: sum((run) => run.joint),
    };
    process.stdout.write(`cluster simulation: ${String(seeds)} seeds, ${JSON.stringify(figures)}\n`);
    expect(figures.operations).toBeGreaterThan(100 * seeds);
    expect(figures.faults).toBeGreaterThan(5 * seeds);
    expect(figures.starts).toBeGreaterThan(5 * seeds);
    expect(figures.snapshots).toBeGreaterThan(seeds);
    expect(figures.joint).toBeGreaterThan(seeds / 5);
  });

  test("takes the same course with the same seed", async () => {
    expect(await runSeed(7)).toEqual(await runSeed(7));
  });
});
