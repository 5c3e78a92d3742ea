import { createHash } from "node:crypto";
import type { ClusterId, NodeId } from "../base/ids.ts";

/** A member's id from where it listens: etcd's rule, so that every member of a new cluster finds the same (peer-protocol §5.1). */
export function memberId(peerUrls: readonly string[], token: string, unixSeconds?: number): NodeId {
  const text = peerUrls.toSorted().join("") + token + (unixSeconds === undefined ? "" : String(unixSeconds));
  return firstEightBytes(createHash("sha1").update(text).digest());
}

/** A cluster's id from the ids of its first members. */
export function clusterIdOf(members: readonly NodeId[]): ClusterId {
  const bytes = Buffer.alloc(8 * members.length);
  members.toSorted(byValue).forEach((id, position) => bytes.writeBigUInt64BE(id, 8 * position));
  return firstEightBytes(createHash("sha1").update(bytes).digest());
}

function firstEightBytes(digest: Buffer): bigint {
  return digest.readBigUInt64BE(0);
}

function byValue(a: bigint, b: bigint): number {
  return a < b ? -1 : Number(a > b);
}
