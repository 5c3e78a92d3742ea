/** Something happened that must never happen, or will never happen that must. */
export class Violation extends Error {}

/** Fails with that sentence unless it holds. */
export function mustHold(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new Violation(otherwise);
}
