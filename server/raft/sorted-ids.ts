import type { NodeId } from "../base/ids.ts";

/** The ids in ascending order; every place that visits members does it in this order, so runs are reproducible. */
export function sortedIds(ids: Iterable<NodeId>): NodeId[] {
  return [...ids].toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}
