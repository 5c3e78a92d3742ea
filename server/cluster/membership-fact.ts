import type { NodeId } from "../base/ids.ts";
import type { DowngradeInfo, Member } from "./member.ts";

/** A change of the cluster that others act on: transport, log, metrics. */
export type MembershipFact =
  | { readonly kind: "member-added"; readonly member: Member }
  /** `member` as it was. */
  | { readonly kind: "member-removed"; readonly id: NodeId; readonly member: Member }
  | { readonly kind: "member-promoted"; readonly member: Member }
  /** New peer URLs. */
  | { readonly kind: "member-updated"; readonly member: Member }
  /** New name or client URLs. */
  | { readonly kind: "member-attributes-changed"; readonly member: Member }
  | { readonly kind: "cluster-version-changed"; readonly version: string; readonly previous: string | undefined }
  | { readonly kind: "downgrade-changed"; readonly downgrade: DowngradeInfo };
