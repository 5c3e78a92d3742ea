import { hexId } from "../base/ids.ts";
import { ETCD_VERSION, KVORUM_VERSION } from "../base/versions.ts";
import type { Node } from "../node/node.ts";
import type { Metrics } from "../ports/metrics.ts";

/** What etcd's alerts and dashboards ask of a member, under etcd's names. */
export function observeNode(node: Node, metrics: Metrics): void {
  const gauge = (name: string, help: string, read: () => number): void => {
    metrics.gaugeOf(name, help, read);
  };
  gauge("etcd_server_has_leader", "Whether or not a leader exists. 1 is existence, 0 is not.", () =>
    node.raftStatus.leader === 0n ? 0 : 1,
  );
  gauge("etcd_server_is_leader", "Whether or not this member is a leader.", () => (node.leadership.isLeader ? 1 : 0));
  gauge("etcd_server_is_learner", "Whether or not this member is a learner.", () => (node.isLearner ? 1 : 0));
  gauge("etcd_server_leader_changes_seen_total", "The number of leader changes seen.", () => node.leadership.changes);
  gauge(
    "etcd_server_proposals_committed_total",
    "The total number of consensus proposals committed.",
    () => node.raftStatus.commitIndex,
  );
  gauge(
    "etcd_server_proposals_applied_total",
    "The total number of consensus proposals applied.",
    () => node.raftStatus.appliedIndex,
  );
  gauge(
    "etcd_server_quota_backend_bytes",
    "Current backend storage quota size in bytes.",
    () => node.config.quotaBytes,
  );
  gauge(
    "etcd_mvcc_db_total_size_in_bytes",
    "Total size of the underlying database physically allocated in bytes.",
    () => node.machine.sizes.dbSize,
  );
  gauge(
    "etcd_mvcc_db_total_size_in_use_in_bytes",
    "Total size of the underlying database logically in use in bytes.",
    () => node.machine.sizes.dbSizeInUse,
  );
  gauge("etcd_debugging_mvcc_keys_total", "Total number of keys.", () => node.machine.mvcc.keyCount);
  gauge(
    "etcd_debugging_mvcc_current_revision",
    "The current revision of store.",
    () => node.machine.mvcc.currentRevision,
  );
  gauge(
    "etcd_debugging_mvcc_compact_revision",
    "The revision of the last compaction in store.",
    () => node.machine.mvcc.compactRevision,
  );
  gauge("etcd_debugging_auth_revision", "The current revision of auth store.", () => node.machine.auth.revision);
  gauge("etcd_debugging_mvcc_watcher_total", "Total number of watchers.", () => node.watcherCounts.all);
  gauge(
    "etcd_debugging_mvcc_slow_watcher_total",
    "Total number of unsynced slow watchers.",
    () => node.watcherCounts.behind,
  );
  observeIdentity(node, metrics);
}

/** Series whose labels say something and whose value is always 1. */
function observeIdentity(node: Node, metrics: Metrics): void {
  metrics
    .gauge("etcd_server_version", "Which version is running. 1 for 'server_version' label with current version.", [
      "server_version",
    ])
    .set(1, { server_version: ETCD_VERSION });
  metrics
    .gauge("etcd_server_id", "Server or member ID in hexadecimal format. 1 for 'server_id' label with current ID.", [
      "server_id",
    ])
    .set(1, { server_id: hexId(node.selfId) });
  metrics.gaugeOf(
    "etcd_cluster_version",
    "Which version is running. 1 for 'cluster_version' label with current cluster version",
    () => {
      const { clusterVersion } = node.machine.membership;
      if (clusterVersion === undefined) return [];
      return [{ labels: { cluster_version: clusterVersion.split(".").slice(0, 2).join(".") }, value: 1 }];
    },
    ["cluster_version"],
  );
  metrics
    .gauge("kvorum_build_info", "Which release of Kvorum is running.", ["version"])
    .set(1, { version: KVORUM_VERSION });
}
