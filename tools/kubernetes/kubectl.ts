import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { binFolder } from "../go-binaries.ts";
import { kubeconfigPath } from "./places.ts";

const run = promisify(execFile);
const COMMAND_LIMIT_MS = 120_000;
const OUTPUT_LIMIT_BYTES = 64 << 20;

/** The kubectl of the cluster's own release. */
export const kubectlPath = join(binFolder(), "kubectl");

/** Runs kubectl as the cluster's administrator and gives what it printed. */
export async function kubectl(...args: readonly string[]): Promise<string> {
  return kubectlWithInput("", ...args);
}

/** The same with a text on its standard input, for `-f -`. */
export async function kubectlWithInput(input: string, ...args: readonly string[]): Promise<string> {
  const running = run(kubectlPath, [`--kubeconfig=${kubeconfigPath}`, ...args], {
    timeout: COMMAND_LIMIT_MS,
    maxBuffer: OUTPUT_LIMIT_BYTES,
  });
  running.child.stdin?.end(input);
  return (await running).stdout;
}
