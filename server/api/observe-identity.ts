import { hexId } from "../base/ids.ts";
import { ETCD_VERSION, KVORUM_VERSION } from "../base/versions.ts";
import type { Node } from "../node/node.ts";
import type { Metrics } from "../ports/metrics.ts";
import { registerRows } from "./metric-rows.ts";

/** What of a process is told besides its node. */
export interface NodeIdentity {
  /** Such as "node v26.0.0". */
  readonly runtime: string;
  readonly features: readonly { readonly name: string; readonly stage: string; readonly isEnabled: boolean }[];
}

/** Series whose labels say something and whose value is 1, or whether it is so. */
export function observeIdentity(node: Node, metrics: Metrics, { runtime, features }: NodeIdentity): void {
  registerRows(metrics, {
    gauges: [
      [
        "etcd_server_version",
        "Which version is running. 1 for 'server_version' label with current version.",
        one({ server_version: ETCD_VERSION }),
      ],
      [
        "etcd_server_go_version",
        "What the server is running on, which is not Go. 1 for 'server_go_version' label with it.",
        one({ server_go_version: runtime }),
      ],
      [
        "etcd_server_id",
        "Server or member ID in hexadecimal format. 1 for 'server_id' label with current ID.",
        one({ server_id: hexId(node.selfId) }),
      ],
      [
        "etcd_cluster_version",
        "Which version is running. 1 for 'cluster_version' label with current cluster version",
        () => clusterVersion(node),
      ],
      [
        "etcd_server_feature_enabled",
        "Whether or not a feature is enabled. 1 is enabled, 0 is not.",
        () => features.map(({ name, stage, isEnabled }) => ({ labels: { name, stage }, value: Number(isEnabled) })),
      ],
      ["etcd_network_known_peers", "The current number of known peers.", () => knownPeers(node)],
      ["kvorum_build_info", "Which release of Kvorum is running.", one({ version: KVORUM_VERSION })],
    ],
  });
}

function one(labels: Readonly<Record<string, string>>) {
  return () => [{ labels, value: 1 }];
}

function clusterVersion({ machine: { membership } }: Node) {
  if (membership.clusterVersion === undefined) return [];
  const version = membership.clusterVersion.split(".").slice(0, 2).join(".");
  return [{ labels: { cluster_version: version }, value: 1 }];
}

/** All members, this one among them, as etcd lists them. */
function knownPeers({ selfId, machine: { membership } }: Node) {
  return membership.members.map(({ id }) => ({ labels: { Local: hexId(selfId), Remote: hexId(id) }, value: 1 }));
}
