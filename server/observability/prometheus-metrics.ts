import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Metrics } from "../ports/metrics.ts";
import { collectFileDescriptors } from "./file-descriptors.ts";
import { collectGoMetrics } from "./go-metrics.ts";
import { bucketsOf, registerReading, samplesOf } from "./reading.ts";
import { ScrapeCounts } from "./scrape-counts.ts";

/** Metrics that can be scraped as Prometheus text. */
export interface ScrapableMetrics extends Metrics {
  text(): Promise<{ readonly contentType: string; readonly text: string }>;
}

/** The metrics of this process; its own (process_*, nodejs_*, and what stands for Go's) are among them. */
export function prometheusMetrics(): ScrapableMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  collectFileDescriptors(registry);
  collectGoMetrics(registry);
  const scrapes = new ScrapeCounts(registry);
  const registers = [registry];
  return {
    counter(name, help, labelNames = []) {
      const counter = new Counter({ name, help, labelNames, registers });
      return { add: (amount, labels = {}) => counter.inc(labels, amount) };
    },
    counterOf(name, help, read) {
      registerReading(registry, { name, help, type: "counter", read: () => samplesOf(read()) });
    },
    gauge(name, help, labelNames = []) {
      const gauge = new Gauge({ name, help, labelNames, registers });
      return { set: (value, labels = {}) => gauge.set(labels, value) };
    },
    gaugeOf(name, help, read) {
      registerReading(registry, { name, help, type: "gauge", read: () => samplesOf(read()) });
    },
    histogram(name, help, buckets, labelNames = []) {
      const histogram = new Histogram({ name, help, labelNames, buckets: [...buckets], registers });
      return { observe: (value, labels = {}) => histogram.observe(labels, value) };
    },
    histogramOf(name, help, read) {
      registerReading(registry, { name, help, type: "histogram", read: () => bucketsOf(name, read()) });
    },
    text: () => scrapes.during(async () => ({ contentType: registry.contentType, text: await registry.metrics() })),
  };
}
