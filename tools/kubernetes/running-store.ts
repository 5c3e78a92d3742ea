import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { STORES, type Store } from "./control-plane.ts";
import { machinePid } from "./machine.ts";
import { stateFolder } from "./places.ts";

const file = join(stateFolder, "store");

/** The store of the cluster that runs here, if one does. */
export function runningStore(): Store | undefined {
  if (machinePid() === undefined || !existsSync(file)) return undefined;
  const name = readFileSync(file, "utf8");
  return STORES.find((store) => store === name);
}

/** Remembers it for those who come later. */
export function rememberStore(store: Store): void {
  writeFileSync(file, store);
}
