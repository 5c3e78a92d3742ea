/** The first position whose item is not below `item`, in an array in ascending order. */
export function lowerBound<T extends string | number>(items: readonly T[], item: T): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((items[middle] as T) < item) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The first position whose item is above `item`. */
export function upperBound<T extends string | number>(items: readonly T[], item: T): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((items[middle] as T) <= item) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Puts an item at a position: faster than `splice`, which makes an array of what it removed. */
export function insertAt<T>(array: T[], at: number, item: T): void {
  array.push(item);
  for (let i = array.length - 1; i > at; i--) array[i] = array[i - 1] as T;
  array[at] = item;
}
