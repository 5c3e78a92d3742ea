import type { Disk, DiskFile, DiskLock } from "../../../server/ports/disk.ts";
import type { SimulatedProcess } from "./simulated-process.ts";

/** What a disk may be made to do wrong, to see that the checkers notice. */
export interface DiskFaults {
  /** `datasync` says that it is done and has done nothing. */
  readonly doesSyncLie: boolean;
}

/** The disk as one process sees it: after its death no call reaches the platter. */
export function processDisk(disk: Disk, process: SimulatedProcess, faults: DiskFaults): Disk {
  const gate = (operation: string, path: string): Promise<void> => process.gate(operation, path);
  return {
    async open(path, mode) {
      await gate("open", path);
      return processFile(await disk.open(path, mode), process, faults);
    },
    async list(path) {
      await gate("list", path);
      return disk.list(path);
    },
    async exists(path) {
      await gate("exists", path);
      return disk.exists(path);
    },
    async makeFolder(path) {
      await gate("makeFolder", path);
      await disk.makeFolder(path);
    },
    async rename(from, to) {
      await gate("rename", from);
      await disk.rename(from, to);
      await gate("renamed", to);
    },
    async remove(path) {
      await gate("remove", path);
      await disk.remove(path);
    },
    async syncFolder(path) {
      await gate("syncFolder", path);
      await disk.syncFolder(path);
      await gate("syncedFolder", path);
    },
    lock: () => Promise.resolve(noLock),
  };
}

function processFile(file: DiskFile, process: SimulatedProcess, faults: DiskFaults): DiskFile {
  const { path } = file;
  return {
    path,
    async write(buffers, position) {
      await process.gate("write", path);
      await file.write(buffers, position);
    },
    async read(position, length, into) {
      await process.gate("read", path);
      return into ? file.read(position, length, into) : file.read(position, length);
    },
    async datasync() {
      await process.gate("datasync", path);
      if (!faults.doesSyncLie) await file.datasync();
      await process.gate("datasynced", path);
    },
    async size() {
      await process.gate("size", path);
      return file.size();
    },
    async allocate(size) {
      await process.gate("allocate", path);
      await file.allocate(size);
    },
    async truncate(size) {
      await process.gate("truncate", path);
      await file.truncate(size);
    },
    async close() {
      await process.gate("close", path);
      await file.close();
    },
  };
}

const noLock: DiskLock = { release: () => Promise.resolve() };
