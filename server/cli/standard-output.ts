import { writeSync } from "node:fs";

const STDOUT = 1;
const CHUNK_BYTES = 64 * 1024;
/** How long to wait before a pipe that is full is tried again. */
const FULL_PIPE_WAIT_MS = 1;

/** Standard output for much data: written synchronously, so that a slow reader holds us back instead of filling memory. */
export class StandardOutput {
  #chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  #length = 0;

  write(bytes: Uint8Array): void {
    if (this.#length + bytes.length > CHUNK_BYTES) this.flush();
    if (bytes.length > CHUNK_BYTES) return writeAll(bytes);
    this.#chunk.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  flush(): void {
    writeAll(this.#chunk.subarray(0, this.#length));
    this.#length = 0;
  }
}

function writeAll(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(STDOUT, bytes, at);
    } catch (error) {
      if (codeOf(error) === "EPIPE") process.exit(0);
      if (codeOf(error) !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_PIPE_WAIT_MS);
    }
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
