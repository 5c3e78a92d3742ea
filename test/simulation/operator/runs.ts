import { plan } from "../../../operator/plan/plan.ts";
import { type Exploration, type Figures, explore } from "./explorer.ts";
import type { FaultKind } from "./faults.ts";
import type { RemovedMembers } from "./observe-world.ts";
import { type World, emptyWorld, healthyWorld } from "./world.ts";

/** Everything that can go wrong. */
export const ALL_FAULTS: readonly FaultKind[] = [
  "node down",
  "pod hidden",
  "eviction",
  "disk gone",
  "disk wiped",
  "claim deleted",
  "time",
  "set shrunk",
  "member removed",
  "election",
  "resize",
  "template",
];

/** A cluster of so many members, and how much may go wrong with it. */
export interface Run {
  readonly members: number;
  readonly faults: number;
  readonly removed: RemovedMembers;
}

/** From before its first step, from when it is complete, and from a size that is no longer wanted. */
export function startsOf(members: number): readonly World[] {
  const smaller = healthyWorld(members, members, members - 1);
  smaller.wanted = 1;
  return [emptyWorld(members, members), healthyWorld(members, members, 0), smaller];
}

/** The exploration of such a cluster under the plan. */
export function explorationOf({ members, faults, removed }: Run, kinds = ALL_FAULTS): Exploration {
  const sizes = Array.from({ length: members + 1 }, (_, size) => size);
  return { starts: startsOf(members), faults, plan, removed, sizes, kinds };
}

/** Explores and says what it came to. */
export function runAndReport(run: Run, kinds = ALL_FAULTS): Figures {
  const startMs = performance.now();
  const figures = explore(explorationOf(run, kinds));
  const { states, transitions, depth, perFaults } = figures;
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  const about = `${run.members} members, ${run.faults} faults, removed members ${run.removed.toLowerCase()}`;
  process.stdout.write(
    `operator plan, ${about}: ${states} states (${perFaults.join(" + ")}), ${transitions} transitions, ` +
      `depth ${depth}, ${seconds} s\n`,
  );
  return figures;
}
