import type { Distribution } from "../base/distribution.ts";

/** A number that only grows. */
export interface Counter {
  add(amount: number, labels?: Readonly<Record<string, string>>): void;
}

/** A number that is set. */
export interface Gauge {
  set(value: number, labels?: Readonly<Record<string, string>>): void;
}

/** A distribution, in the unit that its name ends with. */
export interface Histogram {
  observe(value: number, labels?: Readonly<Record<string, string>>): void;
}

/** A value of one of a metric's series. */
export interface LabelledValue {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** One of a histogram's series. */
export interface LabelledDistribution {
  readonly labels: Readonly<Record<string, string>>;
  readonly distribution: Distribution;
}

/** Makes the metrics that a module counts with; names are etcd's. */
export interface Metrics {
  counter(name: string, help: string, labels?: readonly string[]): Counter;
  /** A counter that is asked when it is scraped: for what is counted too often to name its labels each time. */
  counterOf(name: string, help: string, read: () => number | readonly LabelledValue[]): void;
  gauge(name: string, help: string, labels?: readonly string[]): Gauge;
  /** A gauge that is asked when it is scraped. */
  gaugeOf(name: string, help: string, read: () => number | readonly LabelledValue[]): void;
  histogram(name: string, help: string, bucketBounds: readonly number[], labels?: readonly string[]): Histogram;
  /** A histogram whose distributions are kept by who observes, and asked for when it is scraped. */
  histogramOf(name: string, help: string, read: () => readonly LabelledDistribution[]): void;
}
