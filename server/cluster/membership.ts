import type { NodeId } from "../base/ids.ts";

export interface Member {
  readonly id: NodeId;
  readonly peerUrls: readonly string[];
  readonly isLearner: boolean;
  /** Empty until the member has published itself. */
  readonly name: string;
  readonly clientUrls: readonly string[];
  /** The voter whose place this learner is to take (it may share that voter's peer URLs). */
  readonly replaces: NodeId | undefined;
}

export interface DowngradeInfo {
  readonly isEnabled: boolean;
  readonly targetVersion: string;
}

export type MembershipFact =
  | { readonly kind: "member-added"; readonly member: Member }
  | { readonly kind: "member-removed"; readonly id: NodeId; readonly member: Member }
  | { readonly kind: "member-promoted"; readonly member: Member }
  /** New peer URLs. */
  | { readonly kind: "member-updated"; readonly member: Member }
  /** New name or client URLs. */
  | { readonly kind: "member-attributes-changed"; readonly member: Member }
  | { readonly kind: "cluster-version-changed"; readonly version: string; readonly previous: string | undefined }
  | { readonly kind: "downgrade-changed"; readonly downgrade: DowngradeInfo };

/** Who is in the cluster, as applied. */
export declare class Membership {
  /** By ascending id. */
  readonly members: readonly Member[];
  member(id: NodeId): Member | undefined;
  isRemoved(id: NodeId): boolean;
  readonly removedIds: readonly NodeId[];
  /** "3.6.0"; undefined before the first ClusterVersionSet. */
  readonly clusterVersion: string | undefined;
  readonly downgrade: DowngradeInfo;
}
