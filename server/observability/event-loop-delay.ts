import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Metrics } from "../ports/metrics.ts";

/** How often the loop is looked at. */
const RESOLUTION_MS = 5;
const NANOSECONDS = 1e9;

/** How late the event loop was since the last scrape: what holds it delays heartbeats and answers (design decision 12). */
export function observeEventLoopDelay(metrics: Metrics): void {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  // What is measured is the time between two looks, which is the resolution if nothing is late.
  const latenessOf = (nanoseconds: number): number => Math.max(0, nanoseconds / NANOSECONDS - RESOLUTION_MS / 1000);
  metrics.gaugeOf(
    "kvorum_event_loop_delay_seconds",
    "How late the event loop was since the last scrape, by quantile; 1 is the longest delay.",
    () => {
      const values = [
        { labels: { quantile: "0.999" }, value: latenessOf(delay.percentile(99.9)) },
        { labels: { quantile: "1" }, value: latenessOf(delay.max) },
      ];
      delay.reset();
      return values;
    },
  );
}
