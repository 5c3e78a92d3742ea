/** A running timer. */
export interface Timer {
  cancel(): void;
}

/** Time, injected so that tests can own it. */
export interface Clock {
  /** Milliseconds on a monotonic clock of unspecified origin. */
  monotonicMs(): number;
  /** Milliseconds since the Unix epoch. */
  unixMs(): number;
  after(delayMs: number, run: () => void): Timer;
  every(periodMs: number, run: () => void): Timer;
}

/** The machine's time. */
export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  unixMs: () => Date.now(),
  after: (delayMs, run) => cancelling(setTimeout(run, delayMs)),
  every: (periodMs, run) => cancelling(setInterval(run, periodMs)),
};

/** Ends after that time, or as soon as the signal is given: who was interrupted asks the signal. */
export function pause(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      timer.cancel();
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = clock.after(delayMs, end);
    signal?.addEventListener("abort", end);
  });
}

function cancelling(timer: NodeJS.Timeout): Timer {
  return { cancel: () => clearTimeout(timer) };
}
