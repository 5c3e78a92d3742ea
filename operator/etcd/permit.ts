import type { HexId } from "../types/hex-id.ts";

/**
 * Leave for one pod, by its uid, to use its volume: as the first member of a new cluster (`New`), as a member that the
 * cluster has added (`Join`), or with the data that a restore put there (`Restore`).
 */
export interface Permit {
  readonly clusterUid: string;
  readonly podName: string;
  readonly podUid: string;
  readonly mode: "New" | "Join" | "Restore";
  /** With `Join`: the id that the cluster gave. */
  readonly memberId?: HexId;
  /** With `Join`: the cluster that it joins. */
  readonly etcdClusterId?: HexId;
  readonly initialCluster: readonly { readonly name: string; readonly peerUrls: readonly string[] }[];
  /** The cluster's uid: it makes the ids of this cluster differ from those of any other one. */
  readonly token: string;
  /** RFC 3339. */
  readonly issuedAt: string;
}

/** A permit with its signature, as it goes to the pod. */
export interface SignedPermit {
  /** Base64 of the JSON of the permit: the very bytes that were signed. */
  readonly payload: string;
  /** Base64 of the ed25519 signature. */
  readonly signature: string;
}
