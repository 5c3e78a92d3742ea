import type { Node } from "../node/node.ts";
import type { Metrics } from "../ports/metrics.ts";
import { registerRows } from "./metric-rows.ts";

/** What probes have found. */
export function observeHealth({ tallies: { health } }: Node, metrics: Metrics): void {
  registerRows(metrics, {
    counters: [
      ["etcd_server_health_success", "The total number of successful health checks", () => health.successes],
      ["etcd_server_health_failures", "The total number of failed health checks", () => health.failures],
      [
        "etcd_server_healthchecks_total",
        "The total number of each kind of healthcheck.",
        () =>
          Array.from(health.checks.values()).flatMap(({ probe, name, successes, failures }) =>
            [
              { labels: { name, status: "success", type: probe }, value: successes },
              { labels: { name, status: "error", type: probe }, value: failures },
            ].filter(({ value }) => value > 0),
          ),
      ],
    ],
    gauges: [
      [
        "etcd_server_healthcheck",
        "The result of each kind of healthcheck.",
        () =>
          Array.from(health.checks.values(), ({ probe, name, isHealthy }) => ({
            labels: { name, type: probe },
            value: Number(isHealthy),
          })),
      ],
    ],
  });
}
