import { runningStore } from "./running-store.ts";
import { kubectl } from "./kubectl.ts";
import { isRunning, logFile } from "./program.ts";
import { programs } from "./programs.ts";

/** What runs, in words: the programs, the node, its pods. */
export async function status(): Promise<readonly string[]> {
  const store = runningStore();
  if (store === undefined) return ["no cluster runs here"];
  const rows = programs(store).map(
    ({ name }) => `${isRunning(name) ? "runs " : "ENDED"}  ${name.padEnd(24)}${logFile(name)}`,
  );
  return [`a cluster runs, its store is ${store}`, ...rows, "", ...(await objects())];
}

async function objects(): Promise<readonly string[]> {
  try {
    const printed = await kubectl("get", "nodes,pods", "--all-namespaces", "--output=wide", "--request-timeout=5s");
    return printed.trimEnd().split("\n");
  } catch (error) {
    return [`the API server does not answer: ${String(error)}`];
  }
}
