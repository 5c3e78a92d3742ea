import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stateFolder } from "./places.ts";

/** What kubelet changes for the whole machine, whoever else is on it. */
const SETTINGS = [
  "vm/overcommit_memory",
  "vm/panic_on_oom",
  "kernel/panic",
  "kernel/panic_on_oops",
  "kernel/keys/root_maxkeys",
  "kernel/keys/root_maxbytes",
] as const;
const file = join(stateFolder, "kernel-settings.json");
const path = (name: string): string => join("/proc/sys", name);

/** Remembers them before kubelet starts. */
export function saveKernelSettings(): void {
  const values = SETTINGS.filter((name) => existsSync(path(name))).map((name) => [
    name,
    readFileSync(path(name), "utf8"),
  ]);
  writeFileSync(file, JSON.stringify(Object.fromEntries(values)));
}

/** Sets them back, if they were remembered. */
export function restoreKernelSettings(): void {
  if (!existsSync(file)) return;
  const saved = JSON.parse(readFileSync(file, "utf8")) as Readonly<Record<string, string>>;
  for (const [name, value] of Object.entries(saved))
    if (readFileSync(path(name), "utf8") !== value) writeFileSync(path(name), value);
}
