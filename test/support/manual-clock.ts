import type { Clock, Timer } from "../../server/ports/clock.ts";

interface Pending {
  dueMs: number;
  readonly periodMs: number | undefined;
  readonly run: () => void;
}

/** A clock that stands until the test moves it; turns of the event loop are real. */
export class ManualClock implements Clock {
  nowMs = 1_000_000;
  readonly #pending = new Set<Pending>();

  monotonicMs(): number {
    return this.nowMs;
  }

  unixMs(): number {
    return this.nowMs;
  }

  after(delayMs: number, run: () => void): Timer {
    return this.#add({ dueMs: this.nowMs + delayMs, periodMs: undefined, run });
  }

  every(periodMs: number, run: () => void): Timer {
    return this.#add({ dueMs: this.nowMs + periodMs, periodMs, run });
  }

  nextTurn(run: () => void): void {
    setImmediate(run);
  }

  /** Lets time pass, running what becomes due in its order. */
  advance(ms: number): void {
    const endMs = this.nowMs + ms;
    for (;;) {
      const [next] = [...this.#pending].filter(({ dueMs }) => dueMs <= endMs).toSorted((a, b) => a.dueMs - b.dueMs);
      if (!next) break;
      this.nowMs = Math.max(this.nowMs, next.dueMs);
      if (next.periodMs === undefined) this.#pending.delete(next);
      else next.dueMs += next.periodMs;
      next.run();
    }
    this.nowMs = endMs;
  }

  #add(pending: Pending): Timer {
    this.#pending.add(pending);
    return { cancel: () => this.#pending.delete(pending) };
  }
}
