import type { Metrics } from "../ports/metrics.ts";
import type { CacheCounts } from "./kv-proxy.ts";
import type { WatchRanges } from "./watch-ranges.ts";

/** Shows what the proxy saves the cluster, under etcd's names and as etcd's kinds. */
export function observeProxy(metrics: Metrics, cache: CacheCounts, watches: WatchRanges): void {
  metrics.gaugeOf("etcd_grpc_proxy_cache_hits_total", "Total number of cache hits", () => cache.hits);
  metrics.gaugeOf("etcd_grpc_proxy_cache_misses_total", "Total number of cache misses", () => cache.misses);
  metrics.gaugeOf("etcd_grpc_proxy_cache_keys_total", "Total number of keys/ranges cached", () => cache.keys);
  metrics.gaugeOf(
    "etcd_grpc_proxy_watchers_coalescing_total",
    "Total number of current watchers coalescing",
    () => watches.coalescedWatchers,
  );
  metrics.counterOf("etcd_grpc_proxy_events_coalescing_total", "Total number of events coalescing", () => [
    { labels: {}, value: watches.coalescedEvents },
  ]);
}
