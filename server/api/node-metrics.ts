import type { Node } from "../node/node.ts";
import type { Metrics } from "../ports/metrics.ts";
import { observeConsensus } from "./observe-consensus.ts";
import { observeDisk } from "./observe-disk.ts";
import { observeHealth } from "./observe-health.ts";
import { observeIdentity, type NodeIdentity } from "./observe-identity.ts";
import { observeKeyValues } from "./observe-key-values.ts";
import { observeLeases } from "./observe-leases.ts";
import { observeLegacyStore } from "./observe-legacy-store.ts";
import { observeProxyNames } from "./observe-proxy-names.ts";

/** What etcd's alerts and dashboards ask of a member, under etcd's names. */
export function observeNode(node: Node, metrics: Metrics, identity: NodeIdentity): void {
  observeIdentity(node, metrics, identity);
  observeConsensus(node, metrics);
  observeKeyValues(node, metrics);
  observeLeases(node, metrics);
  observeDisk(node, metrics);
  observeHealth(node, metrics);
  observeLegacyStore(metrics);
  observeProxyNames(metrics);
}
