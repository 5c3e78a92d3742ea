import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Metrics } from "../ports/metrics.ts";

/** How often the loop is looked at. */
const RESOLUTION_MS = 5;
const NANOSECONDS = 1e9;

/** How late the event loop was since the last scrape: what holds it delays heartbeats and answers (design decision 12). */
export function observeEventLoopDelay(metrics: Metrics): void {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  const latenessOf = (nanoseconds: number): number => Math.max(0, nanoseconds / NANOSECONDS - RESOLUTION_MS / 1000);
  metrics.gaugeOf(
    "kvorum_event_loop_delay_p999_seconds",
    "Event loop delay since the last scrape, 99.9th percentile",
    () => latenessOf(delay.percentile(99.9)),
  );
  // Metrics are asked in the order of their names: this one comes last and starts over.
  metrics.gaugeOf("kvorum_event_loop_delay_seconds_max", "Longest event loop delay since the last scrape", () => {
    const max = latenessOf(delay.max);
    delay.reset();
    return max;
  });
}
