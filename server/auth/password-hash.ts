import { bytesOf } from "../base/byte-string.ts";

/** The bytes of a bcrypt text as requests in the log carry it, which is base64 (RFC 4648 §4); undefined: that is none. */
export function decodePasswordHash(text: string): Uint8Array | undefined {
  // Go's decoder passes over line ends.
  const digits = text.replaceAll(/[\r\n]/g, "");
  if (digits.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(digits)) return undefined;
  return bytesOf(atob(digits));
}
