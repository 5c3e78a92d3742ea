import type { Distribution } from "../base/distribution.ts";
import type { LabelledValue, Metrics } from "../ports/metrics.ts";

/** A metric in one line: its name, its help, and where its value comes from when it is scraped. */
export type MetricRow = readonly [name: string, help: string, read: () => number | readonly LabelledValue[]];

/** The same for a histogram without labels. */
export type HistogramRow = readonly [name: string, help: string, distribution: Distribution];

/** Registers what a part of a member shows. */
export function registerRows(
  metrics: Metrics,
  rows: {
    readonly counters?: readonly MetricRow[];
    readonly gauges?: readonly MetricRow[];
    readonly histograms?: readonly HistogramRow[];
  },
): void {
  const { counters = [], gauges = [], histograms = [] } = rows;
  for (const [name, help, read] of counters) metrics.counterOf(name, help, read);
  for (const [name, help, read] of gauges) metrics.gaugeOf(name, help, read);
  for (const [name, help, distribution] of histograms)
    metrics.histogramOf(name, help, () => [{ labels: {}, distribution }]);
}
