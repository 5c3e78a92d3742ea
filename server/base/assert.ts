/** Programmer errors only: a broken invariant. Crashing is the safe answer, another member has the data. */
export function assert(condition: unknown, invariant: string): asserts condition {
  if (!condition) throw new Error(`invariant violated: ${invariant}`);
}

/** The value itself, where the surrounding code guarantees that there is one. */
export function must<T>(value: T | undefined, invariant = "the value is present"): T {
  assert(value !== undefined, invariant);
  return value;
}

/** Makes a switch over a closed union total: the compiler proves that it cannot be reached. */
export function unreachable(value: never): never {
  throw new Error(`invariant violated: unexpected case ${String(value)}`);
}
