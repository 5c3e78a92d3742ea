import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Metrics } from "../ports/metrics.ts";

/** Metrics that can be scraped as Prometheus text. */
export interface ScrapableMetrics extends Metrics {
  text(): Promise<{ readonly contentType: string; readonly text: string }>;
}

/** The metrics of this process; its own (process_*, nodejs_*) are among them. */
export function prometheusMetrics(): ScrapableMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    counter(name, help, labelNames = []) {
      const counter = new Counter({ name, help, labelNames, registers });
      return { add: (amount, labels = {}) => counter.inc(labels, amount) };
    },
    counterOf(name, help, read, labelNames = []) {
      const collect = (): void => {
        counter.reset();
        for (const { labels, value } of read()) counter.inc(labels, value);
      };
      const counter: Counter = new Counter({ name, help, labelNames, registers, collect });
    },
    gauge(name, help, labelNames = []) {
      const gauge = new Gauge({ name, help, labelNames, registers });
      return { set: (value, labels = {}) => gauge.set(labels, value) };
    },
    gaugeOf(name, help, read, labelNames = []) {
      const collect = (): void => {
        const values = read();
        if (typeof values === "number") gauge.set(values);
        else {
          gauge.reset();
          for (const { labels, value } of values) gauge.set(labels, value);
        }
      };
      const gauge: Gauge = new Gauge({ name, help, labelNames, registers, collect });
    },
    histogram(name, help, buckets, labelNames = []) {
      const histogram = new Histogram({ name, help, labelNames, buckets: [...buckets], registers });
      return { observe: (value, labels = {}) => histogram.observe(labels, value) };
    },
    text: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
}
