import { DomainError, type Fault } from "../base/domain-error.ts";
import type { Index } from "../base/ids.ts";
import type { Clock } from "../ports/clock.ts";

interface Waiter {
  readonly index: Index;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** How far the state machine has come, and who waits for it to come further. */
export class AppliedIndex {
  #index: Index;
  #waiters: Waiter[] = [];

  constructor(index: Index) {
    this.#index = index;
  }

  get value(): Index {
    return this.#index;
  }

  /** Resolves once everything up to `index` is applied. */
  async atLeast(index: Index): Promise<void> {
    if (this.#index >= index) return;
    await new Promise<void>((resolve, reject) => {
      this.#waiters.push({ index, resolve, reject });
    });
  }

  /** As `atLeast`, but false if that takes longer. */
  async atLeastWithin(index: Index, timeoutMs: number, clock: Clock): Promise<boolean> {
    if (this.#index >= index) return true;
    return new Promise<boolean>((resolve, reject) => {
      const timer = clock.after(timeoutMs, () => {
        this.#waiters = this.#waiters.filter((candidate) => candidate !== waiter);
        resolve(false);
      });
      const settled = (settle: () => void): void => {
        timer.cancel();
        settle();
      };
      const waiter: Waiter = {
        index,
        resolve: () => settled(() => resolve(true)),
        reject: (error) => settled(() => reject(error)),
      };
      this.#waiters.push(waiter);
    });
  }

  advanceTo(index: Index): void {
    this.#index = index;
    if (this.#waiters.length === 0) return;
    const due = this.#waiters.filter((waiter) => waiter.index <= index);
    if (due.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => waiter.index > index);
    for (const waiter of due) waiter.resolve();
  }

  /** Nobody will be served any more. */
  fail(fault: Fault): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.reject(new DomainError(fault));
  }
}
