import type { InternalRaftRequest, Request } from "../proto/gen/raft_internal_pb.js";
import type {
  ClusterMemberAttrSetRequest,
  ClusterVersionSetRequest,
  DowngradeInfoSetRequest,
} from "../proto/gen/membership_pb.js";
import type {
  AlarmRequest,
  CompactionRequest,
  DeleteRangeRequest,
  LeaseCheckpointRequest,
  LeaseGrantRequest,
  LeaseRevokeRequest,
  PutRequest,
  RangeRequest,
  TxnRequest,
} from "../proto/gen/rpc_pb.js";
import { authCommandOf, type AuthCommand } from "./auth-command.ts";

/** What a log entry asks for, as a closed union: the message has a field for each kind, of which one is set. */
export type Operation =
  | { readonly kind: "range"; readonly request: RangeRequest }
  | { readonly kind: "put"; readonly request: PutRequest }
  | { readonly kind: "delete-range"; readonly request: DeleteRangeRequest }
  | { readonly kind: "txn"; readonly request: TxnRequest }
  | { readonly kind: "compaction"; readonly request: CompactionRequest }
  | { readonly kind: "lease-grant"; readonly request: LeaseGrantRequest }
  | { readonly kind: "lease-revoke"; readonly request: LeaseRevokeRequest }
  | { readonly kind: "lease-checkpoint"; readonly request: LeaseCheckpointRequest }
  | { readonly kind: "alarm"; readonly request: AlarmRequest }
  | { readonly kind: "cluster-version"; readonly request: Pick<ClusterVersionSetRequest, "ver"> }
  | { readonly kind: "member-attributes"; readonly request: MemberAttributes }
  | { readonly kind: "downgrade-info"; readonly request: DowngradeInfoSetRequest }
  | { readonly kind: "auth"; readonly command: AuthCommand }
  /** Nothing that changes state: a version test, or a request of a kind that is not known. */
  | { readonly kind: "none" };

type MemberAttributes = Pick<ClusterMemberAttrSetRequest, "memberID"> & {
  readonly memberAttributes?: { readonly name: string; readonly clientUrls: readonly string[] } | undefined;
};

/** The one operation that a request holds. */
export function operationOf(request: InternalRaftRequest): Operation {
  if (request.put) return { kind: "put", request: request.put };
  if (request.txn) return { kind: "txn", request: request.txn };
  if (request.range) return { kind: "range", request: request.range };
  if (request.deleteRange) return { kind: "delete-range", request: request.deleteRange };
  if (request.compaction) return { kind: "compaction", request: request.compaction };
  if (request.leaseGrant) return { kind: "lease-grant", request: request.leaseGrant };
  if (request.leaseRevoke) return { kind: "lease-revoke", request: request.leaseRevoke };
  if (request.leaseCheckpoint) return { kind: "lease-checkpoint", request: request.leaseCheckpoint };
  if (request.alarm) return { kind: "alarm", request: request.alarm };
  return membershipOperation(request) ?? authOperation(request) ?? { kind: "none" };
}

function membershipOperation(request: InternalRaftRequest): Operation | undefined {
  if (request.clusterVersionSet) return { kind: "cluster-version", request: request.clusterVersionSet };
  if (request.clusterMemberAttrSet) return { kind: "member-attributes", request: request.clusterMemberAttrSet };
  if (request.downgradeInfoSet) return { kind: "downgrade-info", request: request.downgradeInfoSet };
  return request.v2 && legacyOperation(request.v2);
}

function authOperation(request: InternalRaftRequest): Operation | undefined {
  const command = authCommandOf(request);
  return command && { kind: "auth", command };
}

/** The two requests of the 2.x API that 3.x members ever wrote for themselves; old logs hold them. */
function legacyOperation({ Method: method, Path: path, Val: value }: Request): Operation | undefined {
  if (method !== "PUT") return undefined;
  if (path === "/0/version") return { kind: "cluster-version", request: { ver: value } };
  const id = /^\/0\/members\/([0-9a-f]+)\/attributes$/.exec(path)?.[1];
  if (id === undefined) return undefined;
  const json = JSON.parse(value) as { readonly name?: string; readonly clientURLs?: readonly string[] };
  const memberAttributes = { name: json.name ?? "", clientUrls: json.clientURLs ?? [] };
  return { kind: "member-attributes", request: { memberID: BigInt(`0x${id}`), memberAttributes } };
}
