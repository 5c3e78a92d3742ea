import type { Metric, Registry } from "prom-client";
import type { Distribution } from "../base/distribution.ts";
import type { LabelledDistribution, LabelledValue } from "../ports/metrics.ts";

type Labels = Readonly<Record<string, string | number>>;

/** One line of the text; without a name of its own it has that of its metric. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
  readonly metricName?: string;
}

/** A metric that holds nothing: its samples are asked for at every scrape. */
export interface Reading {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram" | "summary";
  readonly read: () => readonly Sample[] | Promise<readonly Sample[]>;
}

/** Puts a reading into the registry, which needs of a metric only that it can be got. */
export function registerReading(registry: Registry, { read, ...metric }: Reading): void {
  const get = async () => ({ ...metric, values: await read(), aggregator: "sum" });
  registry.registerMetric({ ...metric, get } as unknown as Metric);
}

/** The samples of what has one value, or one for each of some labels. */
export function samplesOf(values: number | readonly LabelledValue[]): readonly Sample[] {
  return typeof values === "number" ? [{ labels: {}, value: values }] : values;
}

/** The samples of a histogram. */
export function bucketsOf(name: string, series: readonly LabelledDistribution[]): readonly Sample[] {
  return series.flatMap(({ labels, distribution }) => samplesOfOne(name, labels, distribution));
}

function samplesOfOne(name: string, labels: Labels, { bounds, cumulative, count, sum }: Distribution): Sample[] {
  const bucket = (le: string | number, value: number): Sample => ({
    metricName: `${name}_bucket`,
    labels: { ...labels, le },
    value,
  });
  return [
    ...bounds.map((bound, at) => bucket(bound, cumulative[at] ?? 0)),
    bucket("+Inf", count),
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ];
}
