import type { Revision } from "../../../server/base/ids.ts";
import { changesText, Violation, type Change, type History, type KeyState } from "./history.ts";

/** A call that was answered. Its revision is the store's right after it. */
export interface Answered {
  readonly by: string;
  readonly calledAt: number;
  readonly revision: Revision;
  /** What it says that it has changed; nothing, if it only read. */
  readonly changes: readonly Change[];
  /** What it says that was there at its revision, before its own changes. */
  readonly saw: readonly { readonly key: string; readonly value: string | undefined }[];
  /** What it says that was not there. */
  readonly sawNot: readonly { readonly key: string; readonly value: string }[];
}

/**
 * The revisions are an order of all writes; so calls are linearizable if each one fits into that order where it says it
 * does, and if no call comes before one that had been answered when it was made.
 */
export class LinearizabilityChecker {
  readonly #history: History;
  readonly #answered: Answered[] = [];
  /** The highest revision that anybody had been told at a moment; moments ascend. */
  readonly #told: { readonly moment: number; readonly revision: Revision }[] = [];

  constructor(history: History) {
    this.#history = history;
  }

  get count(): number {
    return this.#answered.length;
  }

  /** To be called in the moment of the answer. */
  answered(call: Answered): void {
    const before = this.#toldBefore(call.calledAt);
    const least = call.changes.length > 0 ? before + 1 : before;
    if (call.revision < least) {
      throw new Violation(
        `${call.by}: not linearizable: revision ${String(call.revision)}, but ${String(before)} had been seen when it was called`,
      );
    }
    this.#answered.push(call);
    const highest = Math.max(this.#told.at(-1)?.revision ?? 0, call.revision);
    this.#told.push({ moment: this.#history.moment(), revision: highest });
  }

  /** At the end: is what was acknowledged what happened, and what was read what was there? */
  check(): void {
    const byRevision = Map.groupBy(this.#answered, ({ revision }) => revision);
    for (const revision of byRevision.keys()) {
      if (revision > this.#history.last) {
        throw new Violation(
          `revision ${String(revision)} was acknowledged and is lost; the last is ${String(this.#history.last)}`,
        );
      }
    }
    let before = new Map<string, KeyState>();
    this.#history.replay((revision, state, isExact) => {
      for (const call of byRevision.get(revision) ?? [])
        this.#checkCall(call, call.changes.length > 0 ? before : state, isExact);
      before = new Map(state);
    });
  }

  #checkCall(call: Answered, state: ReadonlyMap<string, KeyState>, isExact: boolean): void {
    const happened = this.#history.changes(call.revision);
    if (call.changes.length > 0 && happened) {
      const claimed = changesText(call.revision, call.changes);
      const actual = changesText(call.revision, happened);
      if (claimed !== actual) throw new Violation(`${call.by}: acknowledged ${claimed}, but there is ${actual}`);
    }
    if (!isExact) return;
    for (const { key, value } of call.saw) {
      const there = state.get(key)?.value;
      if (there !== value) {
        throw new Violation(
          `${call.by}: saw ${key}=${String(value)} at ${String(call.revision)}, there was ${String(there)}`,
        );
      }
    }
    for (const { key, value } of call.sawNot) {
      if (state.get(key)?.value === value)
        throw new Violation(`${call.by}: did not see ${key}=${value} at ${String(call.revision)}`);
    }
  }

  #toldBefore(moment: number): Revision {
    let low = 0;
    let high = this.#told.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#told[middle]?.moment ?? 0) < moment) low = middle + 1;
      else high = middle;
    }
    return this.#told[low - 1]?.revision ?? 0;
  }
}
