import type { Clock, Timer } from "../ports/clock.ts";

/** The clock of this machine and the turns of Node's event loop. */
export const nodeClock: Clock = {
  monotonicMs: () => performance.now(),
  unixMs: () => Date.now(),
  after(delayMs, run): Timer {
    const timer = setTimeout(run, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
  every(periodMs, run): Timer {
    const timer = setInterval(run, periodMs);
    return { cancel: () => clearInterval(timer) };
  },
  // setImmediate runs after the poll phase: all that the sockets had to say in this turn is in by then.
  nextTurn: (run) => void setImmediate(run),
};
