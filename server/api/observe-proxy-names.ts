import type { Metrics } from "../ports/metrics.ts";
import { registerRows } from "./metric-rows.ts";

const NO_PROXY = "Of `etcd grpc-proxy`; a member is none: always 0.";

/** Names of the gRPC proxy's metrics, which every etcd shows, being one program. */
export function observeProxyNames(metrics: Metrics): void {
  registerRows(metrics, {
    counters: [["etcd_grpc_proxy_events_coalescing_total", NO_PROXY, () => 0]],
    gauges: [
      ["etcd_grpc_proxy_cache_hits_total", NO_PROXY, () => 0],
      ["etcd_grpc_proxy_cache_keys_total", NO_PROXY, () => 0],
      ["etcd_grpc_proxy_cache_misses_total", NO_PROXY, () => 0],
      ["etcd_grpc_proxy_watchers_coalescing_total", NO_PROXY, () => 0],
    ],
  });
}
