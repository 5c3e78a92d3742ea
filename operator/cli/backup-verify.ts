import type { Command } from "commander";
import type { BackupVerifyFlags } from "../backup/backup-verify-command.ts";
import { addStoreFlags, runWork, WORK_FOLDER } from "./store-flags.ts";
import type { Terminal } from "./terminal.ts";

/** `kvorum-operator backup-verify`: the work of a Job that looks whether a stored backup is still intact. */
export function addBackupVerifyCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command("backup-verify")
    .description("read a stored snapshot to its end and compare it with its manifest");
  addStoreFlags(command)
    .option("--sha256 <hex>", "checksum that its bytes must have")
    .option("--work-folder <folder>", "where the snapshot lies while it is read", WORK_FOLDER)
    .action(async (flags: BackupVerifyFlags) => {
      const { backupVerify } = await import("../backup/backup-verify-command.ts");
      await runWork(backupVerify, flags, terminal);
    });
}
