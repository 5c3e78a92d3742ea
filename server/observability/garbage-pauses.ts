import { createHistogram, PerformanceObserver, type RecordableHistogram } from "node:perf_hooks";
import type { Registry } from "prom-client";
import { registerReading, type Sample } from "./reading.ts";

const NAME = "go_gc_duration_seconds";
/** The quantiles look back over one to two such times. */
const AGE_MS = 300_000;
const QUANTILES = [0, 0.25, 0.5, 0.75, 1] as const;
const NANOSECONDS_PER_MS = 1e6;
const NANOSECONDS = 1e9;

/**
 * How long V8's collector held the program, as Go's summary of its own. Kept in Node's histograms: prom-client's summaries
 * keep a digest, which costs more at every pause than the shorter pauses take, and milliseconds at a scrape.
 */
export class GarbagePauses {
  #recent = createHistogram();
  #before = createHistogram();
  #recentSinceMs: number;
  #count = 0;
  #seconds = 0;

  constructor(nowMs: number) {
    this.#recentSinceMs = nowMs;
  }

  /** One pause took so long. */
  add(durationMs: number, nowMs: number): void {
    this.#age(nowMs);
    this.#count++;
    this.#seconds += durationMs / 1000;
    this.#recent.record(Math.max(1, Math.round(durationMs * NANOSECONDS_PER_MS)));
  }

  /** Quantiles of late, and sum and count since the start. */
  samples(nowMs: number): readonly Sample[] {
    this.#age(nowMs);
    const all = createHistogram();
    all.add(this.#before);
    all.add(this.#recent);
    return [
      ...QUANTILES.map((quantile) => ({ labels: { quantile }, value: secondsAt(all, quantile) })),
      { metricName: `${NAME}_sum`, labels: {}, value: this.#seconds },
      { metricName: `${NAME}_count`, labels: {}, value: this.#count },
    ];
  }

  #age(nowMs: number): void {
    const ages = Math.floor((nowMs - this.#recentSinceMs) / AGE_MS);
    if (ages === 0) return;
    this.#before = ages === 1 ? this.#recent : createHistogram();
    this.#recent = createHistogram();
    this.#recentSinceMs += ages * AGE_MS;
  }
}

/** Watches V8's collector from now on; returns when it last ran. */
export function collectGarbagePauses(registry: Registry): { readonly lastUnixSeconds: () => number } {
  const pauses = new GarbagePauses(performance.now());
  let lastUnixSeconds = 0;
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) pauses.add(duration, performance.now());
    lastUnixSeconds = Date.now() / 1000;
  });
  observer.observe({ entryTypes: ["gc"] });
  registerReading(registry, {
    name: NAME,
    help: "How long V8's garbage collector held the program each time, in the last five to ten minutes.",
    type: "summary",
    read: () => pauses.samples(performance.now()),
  });
  return { lastUnixSeconds: () => lastUnixSeconds };
}

function secondsAt(histogram: RecordableHistogram, quantile: number): number {
  if (histogram.count === 0) return 0;
  if (quantile === 0) return histogram.min / NANOSECONDS;
  return histogram.percentile(quantile * 100) / NANOSECONDS;
}
