import type { OperatorParts, RunningControllers } from "./operator-parts.ts";

/** Starts everything that acts. Called once, when this process has become the leader. */
export async function startControllers({ logger }: OperatorParts): Promise<RunningControllers> {
  logger.warn("this build has no controllers: nothing is done");
  return { problem: () => undefined, stop: () => Promise.resolve() };
}
