import type { Disk, DiskFile } from "../ports/disk.ts";

/**
 * A disk that is never waited for (--unsafe-no-fsync): writes are handed to the system and that is that. A power cut
 * loses what was acknowledged; the end of the process alone loses nothing.
 */
export function unsyncedDisk(disk: Disk): Disk {
  return {
    ...disk,
    open: async (path, mode) => unsyncedFile(await disk.open(path, mode)),
    syncFolder: () => Promise.resolve(),
  };
}

function unsyncedFile(file: DiskFile): DiskFile {
  return {
    path: file.path,
    write: (buffers, position) => file.write(buffers, position),
    read: (position, length, into) => file.read(position, length, into),
    datasync: () => Promise.resolve(),
    size: () => file.size(),
    // Blocks are reserved to make later syncs quick.
    allocate: async (size) => {
      if ((await file.size()) < size) await file.truncate(size);
    },
    truncate: (size) => file.truncate(size),
    close: () => file.close(),
  };
}
