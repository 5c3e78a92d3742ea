/** What an object may be: its content, which no other write ever had, and its version where it is known. */
export interface ObjectState {
  readonly content: string;
  readonly resourceVersion?: string;
}
/** An object's state, or that there is none. */
export type Known = ObjectState | "absent";

/**
 * What one writer knows of its objects from the answers that it got. After an answer there is one state; after a write
 * without one there are two, until a later answer or a read decides. Every write carries the version that it
 * changes, so a write whose answer was lost cannot take effect after the next acknowledged one.
 */
export class ObjectModel {
  readonly #possible = new Map<string, readonly Known[]>();

  /** Every object that was ever written. */
  get keys(): readonly string[] {
    return [...this.#possible.keys()];
  }

  /** What it may be; the newest last. */
  possible(key: string): readonly Known[] {
    return this.#possible.get(key) ?? ["absent"];
  }

  isCertain(key: string): boolean {
    return this.possible(key).length === 1;
  }

  /** A write was acknowledged: this is what is there. */
  acknowledged(key: string, state: Known): void {
    this.#possible.set(key, [state]);
  }

  /** A write had no answer: this may be there as well. */
  unanswered(key: string, state: Known): void {
    this.#possible.set(key, [...this.possible(key), state]);
  }

  /** A read found this. Gives what is wrong with it; what was possible before it is not any more. */
  found(key: string, state: Known): string | undefined {
    const possible = this.possible(key);
    const at = possible.findIndex((candidate) => isSame(candidate, state));
    if (at < 0)
      return `${key}: found ${told(state)}, possible ${possible.length === 1 ? "was" : "were"} ${possible.map(told).join(" or ")}`;
    this.#possible.set(key, [state, ...possible.slice(at + 1)]);
    return undefined;
  }
}

function isSame(expected: Known, found: Known): boolean {
  if (expected === "absent" || found === "absent") return expected === found;
  const { content, resourceVersion } = expected;
  return content === found.content && (resourceVersion === undefined || resourceVersion === found.resourceVersion);
}

function told(state: Known): string {
  if (state === "absent") return "nothing";
  const content = state.content.length > 40 ? `${state.content.slice(0, 40)}…` : state.content;
  return `"${content}" at ${state.resourceVersion ?? "an unknown version"}`;
}
