import { createHash } from "node:crypto";
import type { Disk, DiskFile } from "../../server/ports/disk.ts";

/** Pieces come in 32 KiB or so; they are written together. */
const WRITE_BYTES = 1024 * 1024;

/**
 * Writes a stream to a fresh file. A snapshot is spooled before it goes to the store: so the member is done with it
 * however slow the store is, a part can be sent twice, and nothing that is damaged ever gets there.
 */
export async function spool(disk: Disk, path: string, pieces: AsyncIterable<Uint8Array>): Promise<SpooledFile> {
  await disk.remove(path);
  const file = await disk.open(path, "create");
  try {
    const hash = createHash("sha256");
    let [sizeBytes, waitingBytes] = [0, 0];
    let waiting: Uint8Array[] = [];
    const flush = async (): Promise<void> => {
      await file.write(waiting, sizeBytes);
      sizeBytes += waitingBytes;
      [waiting, waitingBytes] = [[], 0];
    };
    for await (const piece of pieces) {
      hash.update(piece);
      waiting.push(piece);
      waitingBytes += piece.length;
      if (waitingBytes >= WRITE_BYTES) await flush();
    }
    await flush();
    return { file, sizeBytes, sha256: hash.digest("hex") };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** A file that was written; whoever has it closes it. */
export interface SpooledFile {
  readonly file: DiskFile;
  readonly sizeBytes: number;
  readonly sha256: string;
}
