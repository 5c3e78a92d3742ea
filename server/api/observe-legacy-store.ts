import type { Metrics } from "../ports/metrics.ts";
import { registerRows } from "./metric-rows.ts";

const NO_STORE = "There is no store of the 2.x API here: always 0.";

/** Names of etcd's store for the 2.x API, in which it still keeps its members. */
export function observeLegacyStore(metrics: Metrics): void {
  registerRows(metrics, {
    counters: [
      ["etcd_debugging_store_reads_total", NO_STORE, never("getRecursive")],
      ["etcd_debugging_store_writes_total", NO_STORE, never("set")],
      ["etcd_debugging_store_expires_total", NO_STORE, () => 0],
      ["etcd_debugging_store_watch_requests_total", NO_STORE, () => 0],
    ],
    gauges: [["etcd_debugging_store_watchers", NO_STORE, () => 0]],
  });
}

function never(action: string) {
  return () => [{ labels: { action }, value: 0 }];
}
