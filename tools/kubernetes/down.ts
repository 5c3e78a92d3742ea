import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { restoreKernelSettings } from "./kernel-settings.ts";
import { closeMachine } from "./machine.ts";
import { oneAtATime } from "./one-at-a-time.ts";
import { linkName, stateFolder } from "./places.ts";
import { podCgroupsAreBusy, removePodCgroups } from "./pod-cgroups.ts";
import { requireRootOnLinux } from "./require-root.ts";

/** Whom to tell what happens. */
export interface DownOptions {
  readonly log?: (line: string) => void;
}

const CLEAN_UP_LIMIT_MS = 60_000;

/** Ends the cluster, or what a crash left of it, and removes all its data. Image archives and build layers stay. */
export async function down(options: DownOptions = {}): Promise<void> {
  requireRootOnLinux();
  await oneAtATime("kubernetes", () => removeCluster(options));
}

/** The same for those who have the lock already. */
export async function removeCluster({ log = console.log }: DownOptions = {}): Promise<void> {
  if (!existsSync(stateFolder)) return;
  const startMs = performance.now();
  const ran = await closeMachine();
  removeLink();
  if (!podCgroupsAreBusy()) removePodCgroups();
  restoreKernelSettings();
  unmountLeftovers();
  rmSync(stateFolder, { recursive: true, force: true });
  for (const folder of ["/var/log/containers", "/var/lib/cni"]) removeIfEmpty(folder);
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  log(`${ran ? "the cluster is gone" : "removed what was left of a cluster"} (${seconds} s)`);
}

/** The host's end of the cable, and with it the route: the kernel removes them too, but in its own time. */
function removeLink(): void {
  if (linkIsThere()) spawnSync("ip", ["link", "delete", linkName], { timeout: CLEAN_UP_LIMIT_MS });
  if (linkIsThere()) throw new Error(`the interface ${linkName} does not go: try \`ip link delete ${linkName}\``);
}

/** Whether the host's end of the cable to the node is there. */
export function linkIsThere(): boolean {
  return spawnSync("ip", ["link", "show", linkName], { timeout: CLEAN_UP_LIMIT_MS }).status === 0;
}

/** The machine has mounts of its own, so there are none; but nothing is removed below a mount that somebody made. */
function unmountLeftovers(): void {
  const below = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((folder) => folder.startsWith(`${stateFolder}/`));
  for (const folder of below.toReversed())
    execFileSync("umount", ["--lazy", folder], { timeout: CLEAN_UP_LIMIT_MS, stdio: ["ignore", "ignore", "pipe"] });
}

function removeIfEmpty(folder: string): void {
  if (existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder);
}
