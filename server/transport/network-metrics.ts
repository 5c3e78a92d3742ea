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
  snapshotSent(to: NodeId, isDelivered: boolean, seconds: number): void;
  snapshotReceived(from: NodeId, isTaken: boolean, seconds: number): void;
}

/** The counters of a real registry, or ones that forget where there is none. */
export function networkMetrics(metrics: Metrics | undefined): NetworkMetrics {
  if (!metrics) return FORGETFUL;
  const counter = (name: string, help: string, ...labels: string[]) =>
    metrics.counter(`etcd_network_${name}`, help, labels);
  const sent = counter("peer_sent_bytes_total", "The total number of bytes sent to peers.", "To");
  const received = counter("peer_received_bytes_total", "The total number of bytes received from peers.", "From");
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
    sentBytes: (to, bytes) => sent.add(bytes, { To: hexId(to) }),
    receivedBytes: (from, bytes) => received.add(bytes, { From: hexId(from) }),
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

function snapshotMetrics(metrics: Metrics): Pick<NetworkMetrics, "snapshotSent" | "snapshotReceived"> {
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
  snapshotSent: () => undefined,
  snapshotReceived: () => undefined,
};
