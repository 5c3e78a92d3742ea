import type { Node } from "../node/node.ts";
import { DEFAULT_QUOTA_BYTES } from "../node/node-options.ts";
import type { Metrics } from "../ports/metrics.ts";
import { registerRows, type MetricRow } from "./metric-rows.ts";

/** The store: what is asked of it, how large it is, its history and who watches it. */
export function observeKeyValues(node: Node, metrics: Metrics): void {
  const { mvcc, compaction, hash, watches } = node.tallies;
  registerRows(metrics, {
    counters: [
      ["etcd_mvcc_range_total", "Total number of ranges seen by this member.", () => mvcc.ranges],
      ["etcd_mvcc_put_total", "Total number of puts seen by this member.", () => mvcc.puts],
      ["etcd_mvcc_delete_total", "Total number of deletes seen by this member.", () => mvcc.deletes],
      ["etcd_mvcc_txn_total", "Total number of txns seen by this member.", () => mvcc.txns],
      [
        "etcd_debugging_mvcc_db_compaction_keys_total",
        "Total number of db keys compacted.",
        () => compaction.deletedRows,
      ],
      ["etcd_debugging_mvcc_events_total", "Total number of events sent by this member.", () => watches.sentEvents],
    ],
    gauges: [
      ...sizes(node),
      [
        "etcd_debugging_mvcc_db_compaction_last",
        "The unix time of the last db compaction. Resets to 0 on start.",
        () => compaction.lastUnixSeconds,
      ],
      ["etcd_debugging_mvcc_watch_stream_total", "Total number of watch streams.", () => watches.streams],
      ["etcd_debugging_mvcc_watcher_total", "Total number of watchers.", () => node.watcherCounts.all],
      [
        "etcd_debugging_mvcc_slow_watcher_total",
        "Total number of unsynced slow watchers.",
        () => node.watcherCounts.behind,
      ],
      [
        "etcd_debugging_mvcc_pending_events_total",
        "Total number of pending events to be sent.",
        () => watches.pendingEvents,
      ],
    ],
    histograms: [
      ["etcd_mvcc_hash_duration_seconds", "How long hashing the whole store took.", hash.wholeSeconds],
      ["etcd_mvcc_hash_rev_duration_seconds", "How long hashing up to a revision took.", hash.revisionSeconds],
      [
        "etcd_debugging_mvcc_index_compaction_pause_duration_milliseconds",
        "How long one slice of the index's compaction took.",
        compaction.indexPauseMs,
      ],
      [
        "etcd_debugging_mvcc_db_compaction_pause_duration_milliseconds",
        "How long deleting the rows of one slice of a compaction took.",
        compaction.rowsPauseMs,
      ],
      [
        "etcd_debugging_mvcc_db_compaction_total_duration_milliseconds",
        "How long a whole compaction took, with all that came between its slices.",
        compaction.totalMs,
      ],
    ],
  });
}

/** -1 where there is none, as etcd tells it. */
function quotaOf({ config: { quotaBytes } }: Node): number {
  if (quotaBytes < 0) return -1;
  return quotaBytes === 0 ? DEFAULT_QUOTA_BYTES : quotaBytes;
}

/** A snapshot replaces the machine, so it is asked anew each time. */
function sizes(node: Node): readonly MetricRow[] {
  return [
    ["etcd_server_quota_backend_bytes", "Current backend storage quota size in bytes.", () => quotaOf(node)],
    [
      "etcd_mvcc_db_total_size_in_bytes",
      "Total size of the underlying database physically allocated in bytes.",
      () => node.machine.sizes.dbSize,
    ],
    [
      "etcd_mvcc_db_total_size_in_use_in_bytes",
      "Total size of the underlying database logically in use in bytes.",
      () => node.machine.sizes.dbSizeInUse,
    ],
    [
      "etcd_mvcc_db_open_read_transactions",
      "The number of reads that hold back the deletion of what they still need.",
      () => node.openReads,
    ],
    ["etcd_debugging_mvcc_keys_total", "Total number of keys.", () => node.machine.mvcc.keyCount],
    ["etcd_debugging_mvcc_current_revision", "The current revision of store.", () => node.machine.mvcc.currentRevision],
    [
      "etcd_debugging_mvcc_compact_revision",
      "The revision of the last compaction in store.",
      () => node.machine.mvcc.compactRevision,
    ],
    [
      "etcd_debugging_mvcc_total_put_size_in_bytes",
      "The total size of put kv pairs seen by this member.",
      () => node.tallies.mvcc.putBytes,
    ],
    ["etcd_debugging_auth_revision", "The current revision of auth store.", () => node.machine.auth.revision],
  ];
}
