import { dirname } from "node:path";
import type { Distribution } from "../base/distribution.ts";
import type { Disk, DiskFile } from "../ports/disk.ts";

/** What is learned of a folder's files: how long writes and syncs took, in seconds, and how much was written. */
export interface DiskMeasures {
  readonly walWriteSeconds: Distribution;
  readonly walSyncSeconds: Distribution;
  walBytes: number;
}

/** The log's files, and not those that are only being prepared. */
const SEGMENT = ".wal";

/** A disk that measures what the log in `folder` does with it; everything else passes through. */
export function measuredDisk(disk: Disk, folder: string, measures: DiskMeasures): Disk {
  return {
    ...methodsOf(disk),
    async open(path, mode) {
      const file = await disk.open(path, mode);
      const isSegment = mode !== "read" && path.endsWith(SEGMENT) && dirname(path) === folder;
      return isSegment ? measuredFile(file, measures) : file;
    },
  };
}

function methodsOf(disk: Disk): Disk {
  return {
    open: (path, mode) => disk.open(path, mode),
    list: (path) => disk.list(path),
    exists: (path) => disk.exists(path),
    makeFolder: (path) => disk.makeFolder(path),
    rename: (from, to) => disk.rename(from, to),
    remove: (path) => disk.remove(path),
    syncFolder: (path) => disk.syncFolder(path),
    lock: (path) => disk.lock(path),
  };
}

function measuredFile(file: DiskFile, measures: DiskMeasures): DiskFile {
  return {
    path: file.path,
    async write(buffers, position) {
      const startMs = performance.now();
      await file.write(buffers, position);
      measures.walWriteSeconds.observe((performance.now() - startMs) / 1000);
      for (const { length } of buffers) measures.walBytes += length;
    },
    async datasync() {
      const startMs = performance.now();
      await file.datasync();
      measures.walSyncSeconds.observe((performance.now() - startMs) / 1000);
    },
    read: (position, length, into) => file.read(position, length, into),
    size: () => file.size(),
    allocate: (size) => file.allocate(size),
    truncate: (size) => file.truncate(size),
    close: () => file.close(),
  };
}
