import { existsSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";

/** Where cgroups are, of version 2 or one folder per controller. */
const ROOT = "/sys/fs/cgroup";
/** The group that kubelet makes for its pods: the only name of ours that another kubelet would use too. */
const NAME = "kubepods";

/** Whether there are processes in them: then another kubelet runs pods on this machine. */
export function podCgroupsAreBusy(): boolean {
  return podCgroups().some((folder) => isBusy(folder));
}

/** Removes the groups, which are empty once all processes of the machine have ended. */
export function removePodCgroups(): void {
  for (const folder of podCgroups()) remove(folder);
}

function podCgroups(): readonly string[] {
  const controllers = existsSync(ROOT) ? readdirSync(ROOT).map((name) => join(ROOT, name)) : [];
  return [ROOT, ...controllers].map((folder) => join(folder, NAME)).filter((folder) => existsSync(folder));
}

function children(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(folder, name));
}

function isBusy(folder: string): boolean {
  return readFileSync(join(folder, "cgroup.procs"), "utf8") !== "" || children(folder).some((child) => isBusy(child));
}

function remove(folder: string): void {
  for (const child of children(folder)) remove(child);
  rmdirSync(folder);
}
