import type { Command } from "commander";
import type { BackupUploadFlags } from "../backup/backup-upload-command.ts";
import { addStoreFlags, runWork, WORK_FOLDER } from "./store-flags.ts";
import type { Terminal } from "./terminal.ts";

/** `kvorum-operator backup-upload`: the work of a backup's first Job. */
export function addBackupUploadCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command("backup-upload")
    .description("take a snapshot from a healthy follower, store it, read it back, and write its manifest");
  addStoreFlags(command)
    .requiredOption("--endpoint <urls>", "client URLs of members with commas between")
    .requiredOption("--backup <name>", "name of the EtcdBackup")
    .requiredOption("--cluster-uid <uid>", "uid of the EtcdCluster")
    .option("--cluster-id <hex>", "id of the cluster that the members must have")
    .option("--peer-port <port>", "where members tell their release", "2380")
    .option("--work-folder <folder>", "where the snapshot lies on its way", WORK_FOLDER)
    .action(
      async (flags: Omit<BackupUploadFlags, "endpoints" | "peerPort"> & { endpoint: string; peerPort: string }) => {
        const endpoints = flags.endpoint.split(",").filter((endpoint) => endpoint !== "");
        const { backupUpload } = await import("../backup/backup-upload-command.ts");
        await runWork(backupUpload, { ...flags, endpoints, peerPort: Number(flags.peerPort) }, terminal);
      },
    );
}
