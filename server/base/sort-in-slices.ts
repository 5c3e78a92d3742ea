import { must } from "./assert.ts";
import type { Slices } from "./slices.ts";

/** Items sorted in one go; ten thousand of them take a millisecond or two. */
const RUN = 2048;
/** Items merged between two pauses. */
const MERGED_PER_SLICE = 8192;

/** Sorts as `toSorted` does (stable, the input stays as it is), with a pause every now and then: a million items take a second. */
export function* sortInSlices<T>(items: readonly T[], compare: (a: T, b: T) => number): Slices<readonly T[]> {
  let runs: (readonly T[])[] = [];
  for (let from = 0; from < items.length; from += RUN) {
    runs.push(items.slice(from, from + RUN).toSorted(compare));
    yield;
  }
  while (runs.length > 1) {
    const longer: (readonly T[])[] = [];
    for (let at = 0; at < runs.length; at += 2) {
      const right = runs[at + 1];
      longer.push(right ? yield* merged(must(runs[at]), right, compare) : must(runs[at]));
      yield;
    }
    runs = longer;
  }
  return runs[0] ?? [];
}

function* merged<T>(left: readonly T[], right: readonly T[], compare: (a: T, b: T) => number): Slices<readonly T[]> {
  const all: T[] = [];
  let [l, r] = [0, 0];
  while (l < left.length || r < right.length) {
    // The left one comes first among equals: that is what makes it stable.
    const takesLeft = r >= right.length || (l < left.length && compare(left[l] as T, right[r] as T) <= 0);
    all.push((takesLeft ? left[l++] : right[r++]) as T);
    if (all.length % MERGED_PER_SLICE === 0) yield;
  }
  return all;
}
