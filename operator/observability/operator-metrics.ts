import type { CounterMetric, GaugeMetric, HistogramMetric, Registry } from "./registry.ts";

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** A call to the API server that is over. */
export interface ApiCallSeen {
  readonly verb: string;
  readonly resource: string;
  readonly code: string;
  readonly durationMs: number;
}

/** What one controller's work queue tells; names are those of controller-runtime where it has the same. */
export interface ControllerObserver {
  added(): void;
  depth(keys: number): void;
  started(waitedMs: number): void;
  finished(workedMs: number, result: "success" | "requeued" | "error"): void;
  retried(): void;
}

/** What the operator counts about itself. */
export class OperatorMetrics {
  readonly #calls: CounterMetric;
  readonly #callSeconds: HistogramMetric;
  readonly #leader: GaugeMetric;
  readonly #depth: GaugeMetric;
  readonly #adds: CounterMetric;
  readonly #retries: CounterMetric;
  readonly #waits: HistogramMetric;
  readonly #reconciles: CounterMetric;
  readonly #errors: CounterMetric;
  readonly #seconds: HistogramMetric;
  readonly #watchProblems: CounterMetric;

  constructor(registry: Registry) {
    this.#calls = registry.counter(
      "kvorum_operator_api_calls_total",
      "Calls to the Kubernetes API server; the code is the HTTP status, or what went wrong where there was no answer.",
      ["verb", "resource", "code"],
    );
    this.#callSeconds = registry.histogram(
      "kvorum_operator_api_call_duration_seconds",
      "How long calls to the Kubernetes API server took; for a watch, until it began.",
      SECONDS,
      ["verb", "resource"],
    );
    this.#leader = registry.gauge("kvorum_operator_leader", "1 while this operator is the one that acts.");
    this.#leader.set(0);
    const queue = ["name"];
    this.#depth = registry.gauge("workqueue_depth", "Keys that wait to be handled.", queue);
    this.#adds = registry.counter("workqueue_adds_total", "Keys that began to wait.", queue);
    this.#retries = registry.counter("workqueue_retries_total", "Keys that come again after a failure.", queue);
    this.#waits = registry.histogram("workqueue_queue_duration_seconds", "How long keys waited.", SECONDS, queue);
    const controller = ["controller"];
    this.#reconciles = registry.counter(
      "kvorum_operator_reconcile_total",
      "Reconciliations by how they ended: success, requeued or error.",
      ["controller", "result"],
    );
    this.#errors = registry.counter("kvorum_operator_reconcile_errors_total", "Failed reconciliations.", controller);
    this.#seconds = registry.histogram(
      "kvorum_operator_reconcile_duration_seconds",
      "How long a reconciliation took.",
      SECONDS,
      controller,
    );
    this.#watchProblems = registry.counter(
      "kvorum_operator_watch_problems_total",
      "Lists and watches that failed or fell silent and were begun again.",
      ["resource"],
    );
  }

  /** A call is over. */
  apiCall({ verb, resource, code, durationMs }: ApiCallSeen): void {
    this.#calls.add(1, { verb, resource, code });
    this.#callSeconds.observe(durationMs / 1000, { verb, resource });
  }

  /** A list or watch has to be begun again. */
  watchProblem(resource: string): void {
    this.#watchProblems.add(1, { resource });
  }

  /** Whether this operator is the one that acts. */
  leading(isLeader: boolean): void {
    this.#leader.set(isLeader ? 1 : 0);
  }

  /** What the work queue of a controller tells its story to. */
  controller(name: string): ControllerObserver {
    const queue = { name };
    const controller = { controller: name };
    this.#depth.set(0, queue);
    this.#errors.add(0, controller);
    return {
      added: () => this.#adds.add(1, queue),
      depth: (keys) => this.#depth.set(keys, queue),
      started: (waitedMs) => this.#waits.observe(waitedMs / 1000, queue),
      finished: (workedMs, result) => {
        this.#reconciles.add(1, { controller: name, result });
        if (result === "error") this.#errors.add(1, controller);
        this.#seconds.observe(workedMs / 1000, controller);
      },
      retried: () => this.#retries.add(1, queue),
    };
  }
}
