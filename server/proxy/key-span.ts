import { byteString, type ByteString } from "../base/byte-string.ts";
import { isToTheEnd, type KeyInterval } from "./key-namespace.ts";

/** An interval of keys in a form in which many are compared: [from, to); `to` undefined: to the end. */
export interface KeySpan {
  readonly from: ByteString;
  readonly to: ByteString | undefined;
}

/** The keys that a request names. */
export function spanOf({ key, rangeEnd }: KeyInterval): KeySpan {
  const from = byteString(key);
  if (rangeEnd.length === 0) return { from, to: `${from}\0` };
  return { from, to: isToTheEnd(rangeEnd) ? undefined : byteString(rangeEnd) };
}

/** Whether two spans have a key in common. */
export function spansOverlap(a: KeySpan, b: KeySpan): boolean {
  return (b.to === undefined || a.from < b.to) && (a.to === undefined || b.from < a.to);
}

/** Whether a key lies within a span. */
export function spanHas({ from, to }: KeySpan, key: ByteString): boolean {
  return from <= key && (to === undefined || key < to);
}
