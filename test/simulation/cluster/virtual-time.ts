import type { Timer } from "../../../server/ports/clock.ts";
import { Heap } from "../../../server/base/heap.ts";

interface Happening {
  readonly dueMs: number;
  readonly sequence: number;
  readonly run: () => void;
  isCancelled: boolean;
}

/**
 * The only time there is: what is scheduled happens in order of its time, then of its scheduling. After each happening
 * all promises settle before the next one, so that a run depends on its seed alone.
 */
export class VirtualTime {
  readonly #queue = new Heap<Happening>(
    (a, b) => a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.sequence < b.sequence),
  );
  #sequence = 0;
  #happened = 0;
  nowMs = 0;

  /** How many things have happened. */
  get happened(): number {
    return this.#happened;
  }

  after(delayMs: number, run: () => void): Timer {
    const happening = { dueMs: this.nowMs + delayMs, sequence: this.#sequence++, run, isCancelled: false };
    this.#queue.push(happening);
    return {
      cancel: () => {
        happening.isCancelled = true;
      },
    };
  }

  pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(delayMs, resolve);
    });
  }

  /** Lets time pass. `check` is asked after every happening and may throw. */
  async run(untilMs: number, check: () => void): Promise<void> {
    await settled();
    for (let next = this.#queue.peek(); next && next.dueMs <= untilMs; next = this.#queue.peek()) {
      this.#queue.pop();
      if (next.isCancelled) continue;
      this.nowMs = next.dueMs;
      this.#happened++;
      next.run();
      await settled();
      check();
    }
    this.nowMs = untilMs;
  }
}

/** All promise jobs run before the event loop's next turn. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
