import { differences, endState } from "./end-state.ts";
import { Simulation, type Moment } from "./simulation.ts";
import type { Situation } from "./situations.ts";

/** What came of a situation. */
export interface Course {
  readonly end: readonly string[];
  /** The moments that were passed, in their order: at each of them the operator could have been killed. */
  readonly moments: readonly Moment[];
}

/** One course of events from beginning to end; with `killAt` the operator is killed there and another one goes on. */
export async function course({ name, prepare, run }: Situation, killAt?: Moment): Promise<Course> {
  const simulation = await Simulation.start(killAt);
  try {
    await prepare(simulation);
    simulation.listen();
    await run(simulation);
    if (simulation.wasKilled !== (killAt !== undefined)) throw new Error(`${name} never came to ${String(killAt)}`);
    return { end: endState(simulation), moments: [...simulation.moments] };
  } finally {
    simulation.stop();
  }
}

/** Kills the operator at each moment of a situation in turn: those whose end is another one, and in what. */
export async function killedAtEach(
  situation: Situation,
  { moments, end }: Course,
): Promise<readonly { readonly moment: Moment; readonly otherwise: readonly string[] }[]> {
  const others: { readonly moment: Moment; readonly otherwise: readonly string[] }[] = [];
  for (const moment of moments) {
    const otherwise = await course(situation, moment).then(
      (killed) => differences(end, killed.end),
      (error: unknown) => [String(error)],
    );
    if (otherwise.length > 0) others.push({ moment, otherwise });
  }
  return others;
}
