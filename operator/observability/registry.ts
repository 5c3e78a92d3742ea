import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry as PrometheusRegistry } from "prom-client";

type Labels = Readonly<Record<string, string>>;

/** A value of one of a metric's series. */
export interface LabelledValue {
  readonly labels: Labels;
  readonly value: number;
}

/** A number that only grows. */
export interface CounterMetric {
  add(amount: number, labels?: Labels): void;
}

/** A number that is set. */
export interface GaugeMetric {
  set(value: number, labels?: Labels): void;
}

/** A distribution, in the unit that its name ends with. */
export interface HistogramMetric {
  observe(value: number, labels?: Labels): void;
}

/** The metrics of this process, to be read as Prometheus text. */
export class Registry {
  readonly #registry = new PrometheusRegistry();
  readonly #registers = [this.#registry];

  /** A counter. */
  counter(name: string, help: string, labelNames: readonly string[] = []): CounterMetric {
    const counter = new Counter({ name, help, labelNames: [...labelNames], registers: this.#registers });
    return { add: (amount, labels = {}) => counter.inc(labels, amount) };
  }

  /** A gauge. */
  gauge(name: string, help: string, labelNames: readonly string[] = []): GaugeMetric {
    const gauge = new Gauge({ name, help, labelNames: [...labelNames], registers: this.#registers });
    return { set: (value, labels = {}) => gauge.set(labels, value) };
  }

  /** A gauge that is asked when it is scraped; series that it does not name any more are gone. */
  gaugeOf(name: string, help: string, read: () => readonly LabelledValue[], labelNames: readonly string[] = []): void {
    const collect = (): void => {
      gauge.reset();
      for (const { labels, value } of read()) gauge.set(labels, value);
    };
    const gauge: Gauge = new Gauge({ name, help, labelNames: [...labelNames], registers: this.#registers, collect });
  }

  /** A histogram. */
  histogram(
    name: string,
    help: string,
    bounds: readonly number[],
    labelNames: readonly string[] = [],
  ): HistogramMetric {
    const buckets = [...bounds];
    const histogram = new Histogram({ name, help, labelNames: [...labelNames], buckets, registers: this.#registers });
    return { observe: (value, labels = {}) => histogram.observe(labels, value) };
  }

  /** The process's own: CPU, memory, event loop, garbage collection. */
  addProcessMetrics(): void {
    collectDefaultMetrics({ register: this.#registry });
  }

  /** What a scrape gets. */
  async text(): Promise<{ readonly contentType: string; readonly text: string }> {
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }
}
