/**
 * The same whole number in the engine's form for small ones where it fits. A number out of a Float64Array has the
 * form for fractions, which costs an object of its own wherever it is stored.
 */
export function integer(number: number): number {
  const small = number | 0;
  return small === number ? small : number;
}
