import type { Command } from "commander";
import type { BackupDeleteFlags } from "../backup/backup-delete-command.ts";
import { addStoreFlags, runWork } from "./store-flags.ts";
import type { Terminal } from "./terminal.ts";

/** `kvorum-operator backup-delete`: the work of a Job that removes a backup from its store. */
export function addBackupDeleteCommand(program: Command, terminal: Terminal): void {
  const command = program.command("backup-delete").description("delete a stored snapshot and its manifest");
  addStoreFlags(command).action(async (flags: BackupDeleteFlags) => {
    const { backupDelete } = await import("../backup/backup-delete-command.ts");
    await runWork(backupDelete, flags, terminal);
  });
}
