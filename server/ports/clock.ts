/** A running timer. */
export interface Timer {
  cancel(): void;
}

/** Time and turns of the event loop, injected so that a simulation can own them. */
export interface Clock {
  /** Milliseconds on a monotonic clock of unspecified origin. */
  monotonicMs(): number;
  /** Milliseconds since the Unix epoch. */
  unixMs(): number;
  after(delayMs: number, run: () => void): Timer;
  every(periodMs: number, run: () => void): Timer;
  /** Runs once everything that arrived in this turn of the event loop has been handled. */
  nextTurn(run: () => void): void;
}
