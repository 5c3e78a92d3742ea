import { Distribution, doublingBounds } from "../base/distribution.ts";
import type { Node } from "../node/node.ts";
import type { Metrics } from "../ports/metrics.ts";
import { registerRows } from "./metric-rows.ts";

/** The log, the store and snapshots on their way to the disk and back. */
export function observeDisk({ tallies: { disk } }: Node, metrics: Metrics): void {
  // Parts of a commit, and of a snapshot, that there are none of: names for whoever asks for them.
  const never = new Distribution(doublingBounds(0.001, 14));
  registerRows(metrics, {
    gauges: [
      ["etcd_disk_wal_write_bytes_total", "Total number of bytes written in WAL.", () => disk.walBytes],
      [
        "etcd_disk_defrag_inflight",
        "Whether or not defrag is active on the member. 1 means active, 0 means not.",
        () => Math.min(1, disk.defragsRunning),
      ],
    ],
    histograms: [
      ["etcd_disk_wal_fsync_duration_seconds", "How long syncing the log (fdatasync) took.", disk.walSyncSeconds],
      ["etcd_disk_wal_write_duration_seconds", "How long writing a batch to the log took.", disk.walWriteSeconds],
      [
        "etcd_disk_backend_commit_duration_seconds",
        "How long it took to bring applied rows into the store, in one synced batch.",
        disk.commitSeconds,
      ],
      [
        "etcd_debugging_disk_backend_commit_write_duration_seconds",
        "The part of a commit that the store's synced write took.",
        disk.commitWriteSeconds,
      ],
      [
        "etcd_debugging_disk_backend_commit_rebalance_duration_seconds",
        "LevelDB has no tree to rebalance: never observed.",
        never,
      ],
      ["etcd_debugging_disk_backend_commit_spill_duration_seconds", "LevelDB spills no pages: never observed.", never],
      ["etcd_disk_backend_defrag_duration_seconds", "How long a defragmentation took.", disk.defragSeconds],
      [
        "etcd_disk_backend_snapshot_duration_seconds",
        "How long it took to make a database of the store and to hand it over.",
        disk.snapshotSeconds,
      ],
      [
        "etcd_snap_db_save_total_duration_seconds",
        "How long it took to receive a database from the leader and to make a store of it.",
        disk.receivedSeconds,
      ],
      [
        "etcd_snap_db_fsync_duration_seconds",
        "How long syncing the store that a received database became took.",
        disk.receivedSyncSeconds,
      ],
      [
        "etcd_snap_fsync_duration_seconds",
        "How long writing and syncing a local snapshot took, which is a marker in the log.",
        disk.markerSeconds,
      ],
      [
        "etcd_debugging_snap_save_total_duration_seconds",
        "How long saving a local snapshot took, which is a marker in the log.",
        disk.markerSeconds,
      ],
      [
        "etcd_debugging_snap_save_marshalling_duration_seconds",
        "A local snapshot is a marker, there is nothing to marshal: never observed.",
        never,
      ],
    ],
  });
}
