import type { Fault } from "../base/domain-error.ts";
import type { Index, LeaseId, Revision } from "../base/ids.ts";
import type { ConfChange, ConfChangeV2 } from "../proto/raft-message.ts";
import type { Event } from "../proto/gen/kv_pb.js";
import type {
  AlarmMember,
  AlarmResponse,
  AuthDisableResponse,
  AuthEnableResponse,
  AuthRoleAddResponse,
  AuthRoleDeleteResponse,
  AuthRoleGetResponse,
  AuthRoleGrantPermissionResponse,
  AuthRoleListResponse,
  AuthRoleRevokePermissionResponse,
  AuthStatusResponse,
  AuthUserAddResponse,
  AuthUserChangePasswordResponse,
  AuthUserDeleteResponse,
  AuthUserGetResponse,
  AuthUserGrantRoleResponse,
  AuthUserListResponse,
  AuthUserRevokeRoleResponse,
  AuthenticateResponse,
  CompactionResponse,
  DeleteRangeResponse,
  LeaseCheckpointResponse,
  LeaseGrantResponse,
  LeaseRevokeResponse,
  PutResponse,
  RangeResponse,
  TxnResponse,
} from "../proto/gen/rpc_pb.js";
import type { Deferred } from "../mvcc/deferred.ts";
import type { MembershipFact } from "../cluster/membership-fact.ts";

/** What a request in the log can be answered with. Headers carry the revision only. */
export type ResponseMessage =
  | RangeResponse
  | PutResponse
  | DeleteRangeResponse
  | TxnResponse
  | CompactionResponse
  | LeaseGrantResponse
  | LeaseRevokeResponse
  | LeaseCheckpointResponse
  | AlarmResponse
  | AuthResponse;

type AuthResponse =
  | AuthEnableResponse
  | AuthDisableResponse
  | AuthStatusResponse
  | AuthenticateResponse
  | AuthUserAddResponse
  | AuthUserGetResponse
  | AuthUserListResponse
  | AuthUserDeleteResponse
  | AuthUserChangePasswordResponse
  | AuthUserGrantRoleResponse
  | AuthUserRevokeRoleResponse
  | AuthRoleAddResponse
  | AuthRoleGetResponse
  | AuthRoleListResponse
  | AuthRoleDeleteResponse
  | AuthRoleGrantPermissionResponse
  | AuthRoleRevokePermissionResponse;

/** Something that happened while applying and that concerns others: the edge logs it and acts on it. */
export type Fact =
  | { readonly kind: "lease-granted"; readonly id: LeaseId; readonly ttlSeconds: number }
  | { readonly kind: "lease-revoked"; readonly id: LeaseId }
  | {
      readonly kind: "compaction-scheduled";
      readonly revision: Revision;
      /** -1 if there was none. */
      readonly previousRevision: Revision;
      /** The caller wants the answer only when the rows are gone. */
      readonly isPhysical: boolean;
    }
  | { readonly kind: "alarm-raised" | "alarm-cleared"; readonly alarm: AlarmMember }
  | { readonly kind: "auth-enabled" | "auth-disabled" }
  /** Its simple token is valid from now on. */
  | { readonly kind: "logged-in"; readonly username: string; readonly token: string }
  /** Tokens that the user got before are not valid any more. */
  | { readonly kind: "logins-ended"; readonly username: string }
  /** A write went through, but this member's database is beyond its quota: raise NOSPACE. */
  | { readonly kind: "quota-exceeded"; readonly dbSize: number }
  | MembershipFact;

/** What became of one entry of the log. */
export interface Outcome {
  readonly index: Index;
  /** Undefined where there is nothing to answer (an empty entry, a membership fact) and with a fault. */
  readonly response: Deferred<ResponseMessage> | undefined;
  readonly fault: Fault | undefined;
  /** All of one revision, in the order of their changes; empty if no key changed. */
  readonly events: readonly Event[];
  /** The store's revision after this entry. */
  readonly revision: Revision;
  readonly facts: readonly Fact[];
}

/** What became of a configuration change: `effective` is what raft has to be told. */
export interface ConfOutcome<Change extends ConfChange | ConfChangeV2 = ConfChange | ConfChangeV2> {
  readonly index: Index;
  /** The change itself, or with its node ids zeroed if it is refused. */
  readonly effective: Change;
  readonly fault: Fault | undefined;
  readonly facts: readonly Fact[];
}
