import { byteString, type ByteString } from "../base/byte-string.ts";
import { must } from "../base/assert.ts";

/** Keys with from ≤ key < to; `to` undefined: all keys from `from` on. */
interface Interval {
  readonly from: ByteString;
  readonly to: ByteString | undefined;
}

/** The key, or the range of keys, that a permission or a request names, as the wire says it. */
export interface NamedKeys {
  readonly key: Uint8Array;
  /** Empty: the one key. One zero byte: from the key on. */
  readonly rangeEnd: Uint8Array;
}

/**
 * Keys that somebody may touch: the union of any number of permissions. Ranges that overlap or meet count as one, so that
 * a request may span what two roles grant (etcd auth/range_perm_cache.go).
 */
export class PermissionRanges {
  /** In order, none overlapping or meeting another. */
  readonly #merged: readonly Interval[];

  constructor(granted: readonly NamedKeys[]) {
    this.#merged = merge(granted.map(intervalOf).filter(({ from, to }) => to === undefined || from < to));
  }

  /** Whether all of it is granted. A range that ends before it begins needs its first key alone. */
  covers(keys: NamedKeys): boolean {
    const { from, to } = intervalOf(keys);
    const interval = this.#lastBefore(from);
    if (!interval || (interval.to !== undefined && interval.to <= from)) return false;
    return interval.to === undefined || (to !== undefined && to <= interval.to);
  }

  /** The last interval that begins at `key` or before. */
  #lastBefore(key: ByteString): Interval | undefined {
    let low = 0;
    let high = this.#merged.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (must(this.#merged[middle]).from <= key) low = middle + 1;
      else high = middle;
    }
    return this.#merged[low - 1];
  }
}

/** Whether a permission may name these keys: some key, and an end beyond it. */
export function isValidPermission({ key, rangeEnd }: NamedKeys): boolean {
  if (key.length === 0) return false;
  const { from, to } = intervalOf({ key, rangeEnd });
  return to === undefined || from < to;
}

function intervalOf({ key, rangeEnd }: NamedKeys): Interval {
  const from = byteString(key);
  if (rangeEnd.length === 0) return { from, to: `${from}\0` };
  return { from, to: rangeEnd.length === 1 && rangeEnd[0] === 0 ? undefined : byteString(rangeEnd) };
}

function merge(intervals: readonly Interval[]): readonly Interval[] {
  const merged: Interval[] = [];
  for (const next of intervals.toSorted((a, b) => (a.from < b.from ? -1 : 1))) {
    const last = merged.at(-1);
    if (!last || (last.to !== undefined && last.to < next.from)) merged.push(next);
    else if (last.to !== undefined && (next.to === undefined || next.to > last.to)) {
      merged[merged.length - 1] = { from: last.from, to: next.to };
    }
  }
  return merged;
}
