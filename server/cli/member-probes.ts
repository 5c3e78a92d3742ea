import { ETCD_VERSION } from "../base/versions.ts";
import type { HttpSources } from "../gateway/http-handler.ts";
import type { ScrapableMetrics } from "../observability/prometheus-metrics.ts";
import { nodeHttpSources } from "./node-services.ts";
import type { Standing } from "./member-standing.ts";

/**
 * What a supervised member says over plain HTTP on the client port, in every phase. It is alive as long as it can answer:
 * a restart would not bring a permit or a quorum sooner. It is ready when it serves.
 */
export function memberHttpSources(standing: () => Standing, metrics: ScrapableMetrics): HttpSources {
  const sources = (): HttpSources => {
    const now = standing();
    return now.kind === "running" ? nodeHttpSources(now.node, metrics) : waitingSources(now.message, metrics);
  };
  return {
    version: () => sources().version(),
    health: (options) => sources().health(options),
    check: (name, probe) => sources().check(name, probe),
    metrics: () => metrics.text(),
  };
}

function waitingSources(message: string, metrics: ScrapableMetrics): HttpSources {
  const unhealthy = { isHealthy: false, reason: message };
  return {
    version: () => ({ etcdserver: ETCD_VERSION, etcdcluster: "not_decided", storage: "unknown" }),
    health: async () => unhealthy,
    // The one check of /livez: there is nothing to read yet, and nothing wrong with that.
    check: async (name) => (name === "serializable_read" ? { isHealthy: true, reason: "" } : unhealthy),
    metrics: () => metrics.text(),
  };
}
