/** Work in slices: between two of them, at each `yield`, others may have their turn. */
export type Slices<T> = Generator<undefined, T>;

/** Does it in one go, where it is known to be short. */
export function atOnce<T>(slices: Slices<T>): T {
  let step = slices.next();
  while (!step.done) step = slices.next();
  return step.value;
}
