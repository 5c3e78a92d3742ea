import type { Command } from "commander";
import type { RestoreFetchFlags } from "../backup/restore-fetch-command.ts";
import { addStoreFlags, runWork } from "./store-flags.ts";
import type { Terminal } from "./terminal.ts";

type Given = Omit<RestoreFetchFlags, "peerPort" | "pod"> & { readonly peerPort: string; readonly pod?: string };

/** `kvorum-operator restore-fetch`: the init container that fills the volume of a new cluster's first member. */
export function addRestoreFetchCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command("restore-fetch")
    .description("fill the volume of a new cluster's first member with a stored snapshot, once");
  addStoreFlags(command)
    .requiredOption("--data-dir <folder>", "where the member's volume is mounted")
    .requiredOption("--cluster-uid <uid>", "uid of the EtcdCluster that is made")
    .requiredOption("--seed-pod <name>", "the pod whose volume it is; in any other one there is nothing to do")
    .requiredOption("--peer-host-suffix <suffix>", "what a pod's name is followed by in its host name")
    .option("--sha256 <hex>", "checksum that the snapshot's bytes must have")
    .option("--pod <name>", "this pod (default: POD_NAME)")
    .option("--peer-port <port>", "port of the member's peer URL", "2380")
    .action(async (flags: Given) => {
      const pod = flags.pod ?? process.env["POD_NAME"] ?? "";
      if (pod === "") command.error("error: --pod has to be set, or POD_NAME");
      const { restoreFetchInPod } = await import("../backup/restore-fetch-command.ts");
      await runWork(restoreFetchInPod, { ...flags, pod, peerPort: Number(flags.peerPort) }, terminal);
    });
}
