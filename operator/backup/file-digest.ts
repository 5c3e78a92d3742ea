import { createHash } from "node:crypto";
import type { DiskFile } from "../../server/ports/disk.ts";

const STEP_BYTES = 1024 * 1024;

/** The SHA-256 of a whole file in hex, as sha256sum prints it. */
export async function fileDigest(file: DiskFile): Promise<string> {
  const hash = createHash("sha256");
  const step = new Uint8Array(STEP_BYTES);
  const size = await file.size();
  for (let position = 0; position < size; position += STEP_BYTES) {
    hash.update(await file.read(position, Math.min(STEP_BYTES, size - position), step));
  }
  return hash.digest("hex");
}
