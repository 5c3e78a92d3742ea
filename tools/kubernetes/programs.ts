import { apiServer, controllerManager, scheduler, storeProgram, type Store } from "./control-plane.ts";
import { runningStore } from "./running-store.ts";
import { containerd, kubelet, kubeProxy } from "./node.ts";
import { startProgram, stopProgram, type Program } from "./program.ts";
import { provisioner } from "./provisioner-program.ts";

/** All programs of a cluster. */
export function programs(store: Store): readonly Program[] {
  return [storeProgram(store), containerd, apiServer, controllerManager, scheduler, kubelet, kubeProxy, provisioner];
}

/** Ends one of them, for tests of what happens then: `TERM` lets it finish, `KILL` does not. */
export async function stopClusterProgram(name: string, how: "TERM" | "KILL" = "TERM"): Promise<void> {
  await stopProgram(named(name).name, how);
}

/** Starts one that was stopped. */
export function startClusterProgram(name: string): void {
  startProgram(named(name));
}

function named(name: string): Program {
  const all = programs(runningStore() ?? "etcd");
  const program = all.find((candidate) => candidate.name === name);
  if (program === undefined) throw new Error(`${name} is none of ${all.map((known) => known.name).join(", ")}`);
  return program;
}
