import { jobErrorOf } from "./job-error.ts";
import { exitCodeOf, failedResult, leaveResult, type JobResult } from "./job-result.ts";
import { jobWorld, type JobWorld } from "./job-world.ts";
import { openStore, type StoreFlags, type StoreVariables } from "./open-store.ts";
import type { ObjectStore } from "./object-store.ts";

/** Where kubelet looks for a container's last words unless the pod says otherwise. */
const TERMINATION_LOG = "/dev/termination-log";

/** What surrounds a command. */
export interface JobEnvironment {
  readonly variables: StoreVariables;
  /** A line for whoever reads the log of the pod. */
  readonly log: (line: string) => void;
  /** Where the result goes besides the log; the pod's own place for it if undefined. */
  readonly resultFile?: string | undefined;
}

/** The work of a command. It opens its store when it needs it: what can be known without it is not held up by it. */
export type Job = (open: () => ObjectStore, world: JobWorld) => Promise<JobResult>;

/**
 * Runs a command to its end: its result, or the failure that it came to, is the last line of the log and the container's
 * last words. Resolves with the exit code.
 */
export async function runJob(flags: StoreFlags, environment: JobEnvironment, job: Job): Promise<number> {
  const { variables, log, resultFile = TERMINATION_LOG } = environment;
  const world = jobWorld(log);
  const result = await resultOf(flags, variables, world, job);
  await leaveResult(world.disk, resultFile, result);
  log(JSON.stringify(result));
  return exitCodeOf(result);
}

async function resultOf(flags: StoreFlags, variables: StoreVariables, world: JobWorld, job: Job): Promise<JobResult> {
  const opened: ObjectStore[] = [];
  const open = (): ObjectStore => {
    const store = openStore(flags, variables, world);
    opened.push(store);
    return store;
  };
  try {
    return await job(open, world);
  } catch (error) {
    const failure = jobErrorOf(error);
    // A bug: its stack is all that there is to find it by.
    if (failure.code === "Unexpected" && error instanceof Error) world.log(error.stack ?? error.message);
    return failedResult(failure);
  } finally {
    for (const store of opened) store.close();
  }
}
