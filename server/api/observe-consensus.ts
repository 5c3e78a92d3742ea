import { hexId } from "../base/ids.ts";
import type { Node } from "../node/node.ts";
import type { LabelledDistribution, Metrics } from "../ports/metrics.ts";
import { AlarmType } from "../proto/gen/rpc_pb.js";
import { faultStatus } from "../rpc/fault-status.ts";
import { registerRows, type MetricRow } from "./metric-rows.ts";

/** Who leads, what is proposed, committed and applied, and how long that takes. */
export function observeConsensus(node: Node, metrics: Metrics): void {
  const { apply } = node.tallies;
  registerRows(metrics, { counters: counters(node), gauges: gauges(node) });
  metrics.histogramOf("etcd_server_apply_duration_seconds", "How long applying a request of the log took.", () =>
    apply.operations.flatMap(({ operation, succeeded, failed }) => [
      ...seriesOf({ op: operation, success: "true", version: "v3" }, succeeded),
      ...seriesOf({ op: operation, success: "false", version: "v3" }, failed),
    ]),
  );
  metrics.histogramOf("etcd_server_range_duration_seconds", "How long a range took.", () => [
    ...seriesOf({ success: "true" }, apply.rangeSucceeded),
    ...seriesOf({ success: "false" }, apply.rangeFailed),
  ]);
}

function counters({ leadership, tallies: { consensus, apply } }: Node): readonly MetricRow[] {
  return [
    ["etcd_server_leader_changes_seen_total", "The number of leader changes seen.", () => leadership.changes],
    [
      "etcd_server_proposals_failed_total",
      "The total number of failed proposals seen.",
      () => consensus.failedProposals,
    ],
    [
      "etcd_server_slow_read_indexes_total",
      "The total number of read indexes that were not answered in time.",
      () => consensus.slowReads,
    ],
    [
      "etcd_server_read_indexes_failed_total",
      "The total number of read indexes that were lost with their leader.",
      () => consensus.failedReads,
    ],
    [
      "etcd_server_heartbeat_send_failures_total",
      "The total number of heartbeats of this leader that left late (an overloaded event loop or disk).",
      () => consensus.lateHeartbeats,
    ],
    [
      "etcd_server_slow_apply_total",
      "The total number of requests whose applying or reading took long.",
      () => apply.slow,
    ],
    [
      "etcd_server_learner_promote_successes",
      "The total number of successful learner promotions while this member is leader.",
      () => consensus.promotions,
    ],
    [
      "etcd_server_learner_promote_failures",
      "The total number of failed learner promotions while this member is leader.",
      () =>
        Array.from(consensus.failedPromotions, ([fault, value]) => ({
          labels: { Reason: faultStatus[fault][1] },
          value,
        })),
    ],
  ];
}

function gauges(node: Node): readonly MetricRow[] {
  const { consensus } = node.tallies;
  return [
    [
      "etcd_server_has_leader",
      "Whether or not a leader exists. 1 is existence, 0 is not.",
      () => (node.raftStatus.leader === 0n ? 0 : 1),
    ],
    [
      "etcd_server_is_leader",
      "Whether or not this member is a leader. 1 if is, 0 otherwise.",
      () => Number(node.leadership.isLeader),
    ],
    [
      "etcd_server_is_learner",
      "Whether or not this member is a learner. 1 if is, 0 otherwise.",
      () => Number(node.isLearner),
    ],
    [
      "etcd_server_proposals_committed_total",
      "The total number of consensus proposals committed.",
      () => node.raftStatus.commitIndex,
    ],
    [
      "etcd_server_proposals_applied_total",
      "The total number of consensus proposals applied.",
      () => node.raftStatus.appliedIndex,
    ],
    [
      "etcd_server_proposals_pending",
      "The current number of pending proposals to commit.",
      () => consensus.pendingProposals(),
    ],
    [
      "etcd_server_snapshot_apply_in_progress_total",
      "1 if the server is applying the incoming snapshot. 0 if none.",
      () => consensus.snapshotsInstalling,
    ],
    ["etcd_debugging_server_alarms", "Alarms for every member in cluster.", () => alarms(node)],
  ];
}

/** A series is there from its first observation on. */
function seriesOf(
  labels: LabelledDistribution["labels"],
  distribution: LabelledDistribution["distribution"],
): readonly LabelledDistribution[] {
  return distribution.count > 0 ? [{ labels, distribution }] : [];
}

function alarms({ machine }: Node) {
  return machine.alarms.list(AlarmType.NONE).map(({ memberID, alarm }) => ({
    labels: { alarm_type: AlarmType[alarm], server_id: hexId(memberID) },
    value: 1,
  }));
}
