import { compareBytes } from "../base/bytes.ts";

const ENCODER = new TextEncoder();
// A byte order mark is part of a name like everything else.
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

/** The order of names that etcd has: that of their bytes. */
export function compareNames(a: string, b: string): number {
  return compareBytes(nameBytes(a), nameBytes(b));
}

/** A name as a row's key. */
export function nameBytes(name: string): Uint8Array {
  return ENCODER.encode(name);
}

/** The name in a row's key. */
export function nameOf(bytes: Uint8Array): string {
  return DECODER.decode(bytes);
}
