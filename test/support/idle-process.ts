import { monitorEventLoopDelay } from "node:perf_hooks";

/*
 * A process that does nothing but look how late its event loop is, in milliseconds, since it was last asked. It is to be
 * started by `fork`: every message is such a question.
 */
const RESOLUTION_MS = 5;
const NANOSECONDS_PER_MS = 1e6;

const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();
process.on("message", () => {
  process.send?.({ p999Ms: latenessOf(delay.percentile(99.9)), maxMs: latenessOf(delay.max) });
  delay.reset();
});

function latenessOf(nanoseconds: number): number {
  return Math.max(0, nanoseconds / NANOSECONDS_PER_MS - RESOLUTION_MS);
}
