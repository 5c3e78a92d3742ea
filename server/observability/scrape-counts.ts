import type { Registry } from "prom-client";
import { registerReading } from "./reading.ts";

/** Counts scrapes as Go's handler of metrics does. */
export class ScrapeCounts {
  #inFlight = 0;
  #succeeded = 0;
  #failed = 0;

  constructor(registry: Registry) {
    registerReading(registry, {
      name: "promhttp_metric_handler_requests_in_flight",
      help: "Current number of scrapes being served.",
      type: "gauge",
      read: () => [{ labels: {}, value: this.#inFlight }],
    });
    registerReading(registry, {
      name: "promhttp_metric_handler_requests_total",
      help: "Total number of scrapes by HTTP status code. Nothing here answers 503, which Go's handler may.",
      type: "counter",
      read: () => [
        { labels: { code: "200" }, value: this.#succeeded },
        { labels: { code: "500" }, value: this.#failed },
        { labels: { code: "503" }, value: 0 },
      ],
    });
  }

  async during<T>(scrape: () => Promise<T>): Promise<T> {
    this.#inFlight++;
    try {
      const result = await scrape();
      this.#succeeded++;
      return result;
    } catch (error) {
      this.#failed++;
      throw error;
    } finally {
      this.#inFlight--;
    }
  }
}
