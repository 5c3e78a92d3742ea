import type { Disk, DiskFile } from "../../server/ports/disk.ts";
import type { ObjectStore, StoredObject } from "./object-store.ts";

/** Together the memory that a download takes: 32 MiB. */
const RANGE_BYTES = 8 * 1024 * 1024;
const RANGES_IN_FLIGHT = 4;

/** Fetches an object into a fresh file, some ranges at a time; a range whose connection is cut is asked for again. */
export async function download(
  store: ObjectStore,
  { key, size }: StoredObject,
  disk: Disk,
  path: string,
): Promise<DiskFile> {
  await disk.remove(path);
  const file = await disk.open(path, "create");
  try {
    const progress = { next: 0, hasFailed: false };
    const worker = async (): Promise<void> => {
      while (progress.next < size && !progress.hasFailed) {
        const position = progress.next;
        progress.next += RANGE_BYTES;
        const length = Math.min(RANGE_BYTES, size - position);
        await file.write([await store.read(key, position, length)], position);
      }
    };
    const workers = Array.from({ length: RANGES_IN_FLIGHT }, () =>
      worker().catch((error: unknown) => {
        progress.hasFailed = true;
        throw error;
      }),
    );
    for (const outcome of await Promise.allSettled(workers)) if (outcome.status === "rejected") throw outcome.reason;
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}
