import { describe, expect, test } from "vitest";
import { SimulatedCluster } from "./simulated-cluster.ts";
import type { SimulationFigures } from "./simulated-cluster.ts";

const SEEDS_PER_TEST = 50;
const TESTS = 6;
const STEPS = 20_000;

function runSeed(seed: number): SimulationFigures {
  try {
    return new SimulatedCluster(seed).run(STEPS);
  } catch (error) {
    throw new Error(`seed ${seed}`, { cause: error });
  }
}

describe("a simulated cluster with crashes, partitions and membership changes", () => {
  const sum = { elections: 0, committed: 0, confChanges: 0, crashes: 0, reads: 0, snapshots: 0 };
  const blocks = Array.from({ length: TESTS }, (_, i) => i * SEEDS_PER_TEST + 1);

  test.each(blocks)("keeps Raft's guarantees and recovers, seeds from %i", (first) => {
    for (let seed = first; seed < first + SEEDS_PER_TEST; seed++) {
      const figures = runSeed(seed);
      for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += figures[key];
    }
  });

  test("does everything that it is meant to provoke", () => {
    process.stdout.write(`raft simulation: ${TESTS * SEEDS_PER_TEST} seeds, ${JSON.stringify(sum)}\n`);
    for (const count of Object.values(sum)) expect(count).toBeGreaterThan(TESTS * SEEDS_PER_TEST);
  });
});
