import type { IncomingHttpHeaders } from "node:http";
import { hexId, type ClusterId, type NodeId } from "../base/ids.ts";
import { ETCD_VERSION } from "../base/versions.ts";

/** The oldest cluster that etcd 3.6 talks to. */
const MIN_CLUSTER_VERSION = "3.0.0";
/** What a peer without version headers counts as. */
const ANCIENT_VERSION = "2.0.0";

/** Who this member is to its peers. */
export interface NetworkIdentity {
  readonly selfId: NodeId;
  readonly clusterId: ClusterId;
  /** This member's own peer URLs, so that one who does not know it yet can answer. */
  readonly localPeerUrls: readonly string[];
}

/** What every request to a raft endpoint carries (peer-protocol §1). */
export function raftHeaders({ selfId, clusterId, localPeerUrls }: NetworkIdentity): Readonly<Record<string, string>> {
  return {
    "X-Server-From": hexId(selfId),
    "X-Server-Version": ETCD_VERSION,
    "X-Min-Cluster-Version": MIN_CLUSTER_VERSION,
    "X-Etcd-Cluster-Id": hexId(clusterId),
    "X-Peerurls": localPeerUrls.join(","),
  };
}

/** Why a request to a raft endpoint is not served, in etcd's words and order; undefined: it is. */
export function incompatibility(headers: IncomingHttpHeaders, clusterId: ClusterId): string | undefined {
  const theirs = majorMinor(headerOf(headers, "x-server-version") ?? ANCIENT_VERSION);
  const theirLowest = majorMinor(headerOf(headers, "x-min-cluster-version") ?? ANCIENT_VERSION);
  if (theirs < majorMinor(MIN_CLUSTER_VERSION) || theirLowest > majorMinor(ETCD_VERSION)) return "incompatible version";
  return headerOf(headers, "x-etcd-cluster-id") === hexId(clusterId) ? undefined : "cluster ID mismatch";
}

/** A header's value; several of one name count as their first. */
export function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** An id as it stands in headers and paths; undefined if it is none. */
export function parseHexId(text: string): bigint | undefined {
  return /^[0-9a-f]{1,16}$/i.test(text) ? BigInt(`0x${text}`) : undefined;
}

/** A version as one comparable number; what is none counts as the oldest. */
function majorMinor(version: string): number {
  const [, major, minor] = /^(\d{1,5})\.(\d{1,5})\.\d/.exec(version) ?? [];
  return Number(major ?? 0) * 100_000 + Number(minor ?? 0);
}
