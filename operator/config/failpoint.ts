import { setTimeout as sleep } from "node:timers/promises";
import { ConfigError } from "./config.ts";
import { FAILPOINTS, type FailpointName } from "./failpoints.ts";

/** What happens at an armed failpoint. */
export type FailpointAction =
  { readonly kind: "exit" } | { readonly kind: "error" } | { readonly kind: "pause"; readonly ms: number };

/** What a failpoint throws that was armed with `error`. */
export class FailpointError extends Error {
  override readonly name = "FailpointError";
}

/** What a shell says of a process that died of signal 9. */
const KILLED = 137;

/** Undefined unless a test has armed something: then a failpoint costs one comparison. */
let armed: ((name: FailpointName) => Promise<void> | undefined) | undefined;

/**
 * `await failpoint("after-add-learner")` marks a place between two steps. Nothing happens there unless the process was
 * started with it in KVORUM_FAILPOINTS.
 */
export function failpoint(name: FailpointName): Promise<void> | undefined {
  return armed?.(name);
}

/** Arms the failpoints of KVORUM_FAILPOINTS, for the whole process; none if it is undefined or empty. */
export function armFailpoints(text: string | undefined): void {
  if (text === undefined || text.trim() === "") return hearFailpoints(undefined);
  const points = parseFailpoints(text);
  armed = (name) => act(name, points.get(name));
}

/** Calls that with every failpoint that is passed, instead of what was armed; what it throws is thrown there. */
export function hearFailpoints(hear: ((name: FailpointName) => void) | undefined): void {
  armed =
    hear &&
    ((name) => {
      hear(name);
      return undefined;
    });
}

/** Reads `name[:exit|:error|:pause=MS],…`; exit, which is kill -9, if nothing is said. */
export function parseFailpoints(text: string): ReadonlyMap<FailpointName, FailpointAction> {
  const points = new Map<FailpointName, FailpointAction>();
  for (const part of text.split(",")) {
    const [name = "", action = "exit"] = part.trim().split(":");
    if (!isFailpoint(name)) {
      throw new ConfigError(`KVORUM_FAILPOINTS: there is no failpoint "${name}": see "kvorum-operator failpoints"`);
    }
    points.set(name, parseAction(name, action));
  }
  return points;
}

function parseAction(name: string, text: string): FailpointAction {
  if (text === "exit" || text === "error") return { kind: text };
  const ms = /^pause=(\d+)$/.exec(text)?.[1];
  if (ms !== undefined) return { kind: "pause", ms: Number(ms) };
  throw new ConfigError(`KVORUM_FAILPOINTS: ${name} can exit, error or pause=MILLISECONDS, not "${text}"`);
}

function isFailpoint(name: string): name is FailpointName {
  return Object.hasOwn(FAILPOINTS, name);
}

async function act(name: FailpointName, action: FailpointAction | undefined): Promise<void> {
  if (!action) return;
  process.stderr.write(`failpoint ${name}: ${action.kind}\n`);
  switch (action.kind) {
    case "exit":
      process.kill(process.pid, "SIGKILL");
      // The first process of a container cannot kill itself: it leaves as if it had been, with nothing cleaned up.
      process.removeAllListeners("exit");
      process.exit(KILLED);
    case "error":
      throw new FailpointError(`failpoint ${name}: ${FAILPOINTS[name]}`);
    case "pause":
      await sleep(action.ms);
  }
}
