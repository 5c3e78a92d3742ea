import type { Node } from "../node/node.ts";
import type { Metrics } from "../ports/metrics.ts";
import { registerRows } from "./metric-rows.ts";

/** What became of leases. */
export function observeLeases({ tallies: { leases } }: Node, metrics: Metrics): void {
  registerRows(metrics, {
    counters: [
      ["etcd_debugging_lease_granted_total", "The total number of granted leases.", () => leases.granted],
      ["etcd_debugging_lease_revoked_total", "The total number of revoked leases.", () => leases.revoked],
      ["etcd_debugging_lease_renewed_total", "The number of renewed leases seen by the leader.", () => leases.renewed],
      [
        "etcd_debugging_server_lease_expired_total",
        "The total number of expired leases that this leader has revoked.",
        () => leases.expired,
      ],
    ],
    histograms: [["etcd_debugging_lease_ttl_total", "Bucketed histogram of lease TTLs.", leases.ttlSeconds]],
  });
}
