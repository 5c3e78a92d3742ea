import { byteString } from "../base/byte-string.ts";
import type { ByteString } from "../base/byte-string.ts";

/** Keys with from ≤ key < to; `to` undefined: all keys from `from` on. */
export interface KeyRange {
  readonly from: ByteString;
  readonly to: ByteString | undefined;
  readonly isSingle: boolean;
}

/** The range that a request means: an empty end is the one key, an end of one zero byte is "from the key on". */
export function keyRange(key: Uint8Array, rangeEnd: Uint8Array): KeyRange {
  const from = byteString(key);
  if (rangeEnd.length === 0) return { from, to: `${from}\0`, isSingle: true };
  if (rangeEnd.length === 1 && rangeEnd[0] === 0) return { from, to: undefined, isSingle: false };
  return { from, to: byteString(rangeEnd), isSingle: false };
}

/** Whether the range holds the key. */
export function isWithin(range: KeyRange, key: ByteString): boolean {
  return key >= range.from && (range.to === undefined || key < range.to);
}
