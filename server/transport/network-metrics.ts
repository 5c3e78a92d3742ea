import { hexId, type NodeId } from "../base/ids.ts";
import type { Metrics } from "../ports/metrics.ts";

const SNAPSHOT_BOUNDS_S = Array.from({ length: 10 }, (_, i) => 0.1 * 2 ** i);
const ROUND_TRIP_BOUNDS_S = Array.from({ length: 16 }, (_, i) => 0.0001 * 2 ** i);

/** What the peer network counts, under etcd's names. */
export interface NetworkMetrics {
  sentBytes(to: NodeId, bytes: number): void;
  receivedBytes(from: NodeId, bytes: number): void;
  sendFailed(to: NodeId): void;
  receiveFailed(from: NodeId): void;
  connected(self: NodeId, peer: NodeId): void;
  disconnected(self: NodeId, peer: NodeId): void;
  roundTrip(to: NodeId, seconds: number): void;
  /** A snapshot is on its way; the result is to be called when it is not any more. */
  sendingSnapshot(to: NodeId): () => void;
  receivingSnapshot(from: NodeId): () => void;
  snapshotSent(to: NodeId, isDelivered: boolean, seconds: number): void;
  snapshotReceived(from: NodeId, isTaken: boolean, seconds: number): void;
}

/** The counters of a real registry, or ones that forget where there is none. */
export function networkMetrics(metrics: Metrics | undefined): NetworkMetrics {
  if (!metrics) return FORGETFUL;
  const counter = (name: string, help: string, ...labels: string[]) =>
    metrics.counter(`etcd_network_${name}`, help, labels);
  const sent = byteCounts(metrics, "peer_sent_bytes_total", "The total number of bytes sent to peers.", "To");
  const received = byteCounts(
    metrics,
    "peer_received_bytes_total",
    "The total number of bytes received from peers.",
    "From",
  );
  const sendFailures = counter("peer_sent_failures_total", "The total number of send failures from peers.", "To");
  const receiveFailures = counter(
    "peer_received_failures_total",
    "The total number of receive failures from peers.",
    "From",
  );
  const active = metrics.gauge("etcd_network_active_peers", "The current number of active peer connections.", [
    "Local",
    "Remote",
  ]);
  const disconnected = counter(
    "disconnected_peers_total",
    "The total number of disconnected peers.",
    "Local",
    "Remote",
  );
  const roundTrips = metrics.histogram(
    "etcd_network_peer_round_trip_time_seconds",
    "Round-Trip-Time histogram between peers",
    ROUND_TRIP_BOUNDS_S,
    ["To"],
  );
  return {
    sentBytes: sent,
    receivedBytes: received,
    sendFailed: (to) => sendFailures.add(1, { To: hexId(to) }),
    receiveFailed: (from) => receiveFailures.add(1, { From: hexId(from) }),
    connected: (self, peer) => active.set(1, { Local: hexId(self), Remote: hexId(peer) }),
    disconnected(self, peer) {
      const labels = { Local: hexId(self), Remote: hexId(peer) };
      active.set(0, labels);
      disconnected.add(1, labels);
    },
    roundTrip: (to, seconds) => roundTrips.observe(seconds, { To: hexId(to) }),
    ...snapshotMetrics(metrics),
  };
}

/** Bytes by peer in plain numbers: they are counted with every message, and named when they are scraped. */
function byteCounts(
  metrics: Metrics,
  name: string,
  help: string,
  label: string,
): (peer: NodeId, bytes: number) => void {
  const counts = new Map<NodeId, number>();
  metrics.counterOf(`etcd_network_${name}`, help, () =>
    Array.from(counts, ([peer, value]) => ({ labels: { [label]: hexId(peer) }, value })),
  );
  return (peer, bytes) => {
    counts.set(peer, (counts.get(peer) ?? 0) + bytes);
  };
}

/** Snapshots on their way, by peer. */
function inflights(metrics: Metrics, direction: "send" | "receive", label: string): (peer: NodeId) => () => void {
  const counts = new Map<NodeId, number>();
  metrics.gaugeOf(
    `etcd_network_snapshot_${direction}_inflights_total`,
    `Total number of inflight snapshot ${direction}s`,
    () => Array.from(counts, ([peer, value]) => ({ labels: { [label]: hexId(peer) }, value })),
  );
  const add = (peer: NodeId, change: number): void => {
    counts.set(peer, (counts.get(peer) ?? 0) + change);
  };
  return (peer) => {
    add(peer, 1);
    return () => {
      add(peer, -1);
    };
  };
}

function snapshotMetrics(
  metrics: Metrics,
): Pick<NetworkMetrics, "snapshotSent" | "snapshotReceived" | "sendingSnapshot" | "receivingSnapshot"> {
  const made = (direction: "send" | "receive", label: string) => ({
    successes: metrics.counter(
      `etcd_network_snapshot_${direction}_success`,
      `Total number of successful snapshot ${direction}s`,
      [label],
    ),
    failures: metrics.counter(
      `etcd_network_snapshot_${direction}_failures`,
      `Total number of snapshot ${direction} failures`,
      [label],
    ),
    durations: metrics.histogram(
      `etcd_network_snapshot_${direction}_total_duration_seconds`,
      `Total latency distributions of v3 snapshot ${direction}s`,
      SNAPSHOT_BOUNDS_S,
      [label],
    ),
  });
  const sends = made("send", "To");
  const receives = made("receive", "From");
  const count = ({ successes, failures, durations }: typeof sends, labels: Record<string, string>) => ({
    add(isSuccess: boolean, seconds: number): void {
      (isSuccess ? successes : failures).add(1, labels);
      if (isSuccess) durations.observe(seconds, labels);
    },
  });
  return {
    sendingSnapshot: inflights(metrics, "send", "To"),
    receivingSnapshot: inflights(metrics, "receive", "From"),
    snapshotSent: (to, isDelivered, seconds) => count(sends, { To: hexId(to) }).add(isDelivered, seconds),
    snapshotReceived: (from, isTaken, seconds) => count(receives, { From: hexId(from) }).add(isTaken, seconds),
  };
}

const FORGETFUL: NetworkMetrics = {
  sentBytes: () => undefined,
  receivedBytes: () => undefined,
  sendFailed: () => undefined,
  receiveFailed: () => undefined,
  connected: () => undefined,
  disconnected: () => undefined,
  roundTrip: () => undefined,
  sendingSnapshot: () => () => undefined,
  receivingSnapshot: () => () => undefined,
  snapshotSent: () => undefined,
  snapshotReceived: () => undefined,
};
