import { readFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "../conformance/golden");

/** A recorded sample of real etcd, kept as hexadecimal text under test/conformance/golden. */
export function goldenHex(path: string): Uint8Array {
  return new Uint8Array(Buffer.from(readFileSync(join(folder, path), "utf8").replace(/\s/g, ""), "hex"));
}

/** A recorded file of real etcd, byte for byte. */
export function goldenFile(path: string): Uint8Array {
  return new Uint8Array(readFileSync(join(folder, path)));
}

/** Where a recorded file lies, for code that opens it itself. */
export function goldenPath(path: string): string {
  return join(folder, path);
}
