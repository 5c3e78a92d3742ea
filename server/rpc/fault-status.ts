import { DomainError, type Fault } from "../base/domain-error.ts";
import { Code, RpcError, type Status } from "./status.ts";

/**
 * Every fault has exactly one wire form; the compiler refuses a missing row.
 * Go clients compare the texts, so they are etcd's to the letter (rpctypes of 3.6.16).
 */
export const faultStatus = {
  "empty-key": [Code.INVALID_ARGUMENT, "etcdserver: key is not provided"],
  "key-not-found": [Code.INVALID_ARGUMENT, "etcdserver: key not found"],
  "value-provided": [Code.INVALID_ARGUMENT, "etcdserver: value is provided"],
  "lease-provided": [Code.INVALID_ARGUMENT, "etcdserver: lease is provided"],
  "too-many-ops": [Code.INVALID_ARGUMENT, "etcdserver: too many operations in txn request"],
  "duplicate-key": [Code.INVALID_ARGUMENT, "etcdserver: duplicate key given in txn request"],
  "invalid-client-api-version": [Code.INVALID_ARGUMENT, "etcdserver: invalid client api version"],
  "invalid-sort-option": [Code.INVALID_ARGUMENT, "etcdserver: invalid sort option"],
  compacted: [Code.OUT_OF_RANGE, "etcdserver: mvcc: required revision has been compacted"],
  "future-revision": [Code.OUT_OF_RANGE, "etcdserver: mvcc: required revision is a future revision"],
  "no-space": [Code.RESOURCE_EXHAUSTED, "etcdserver: mvcc: database space exceeded"],
  "lease-not-found": [Code.NOT_FOUND, "etcdserver: requested lease not found"],
  "lease-exist": [Code.FAILED_PRECONDITION, "etcdserver: lease already exists"],
  "lease-ttl-too-large": [Code.OUT_OF_RANGE, "etcdserver: too large lease TTL"],
  "watch-canceled": [Code.CANCELED, "etcdserver: watch canceled"],
  "member-exist": [Code.FAILED_PRECONDITION, "etcdserver: member ID already exist"],
  "peer-url-exist": [Code.FAILED_PRECONDITION, "etcdserver: Peer URLs already exists"],
  "member-not-enough-started": [
    Code.FAILED_PRECONDITION,
    "etcdserver: re-configuration failed due to not enough started members",
  ],
  "member-bad-urls": [Code.INVALID_ARGUMENT, "etcdserver: given member URLs are invalid"],
  "member-not-found": [Code.NOT_FOUND, "etcdserver: member not found"],
  "member-not-learner": [Code.FAILED_PRECONDITION, "etcdserver: can only promote a learner member"],
  "learner-not-ready": [
    Code.FAILED_PRECONDITION,
    "etcdserver: can only promote a learner member which is in sync with leader",
  ],
  "too-many-learners": [Code.FAILED_PRECONDITION, "etcdserver: too many learner members in cluster"],
  "cluster-id-mismatch": [Code.FAILED_PRECONDITION, "etcdserver: cluster ID mismatch"],
  "request-too-large": [Code.INVALID_ARGUMENT, "etcdserver: request is too large"],
  // etcd's own table lists it under a client-side error by mistake, so it goes out as Unknown.
  "too-many-requests": [Code.UNKNOWN, "etcdserver: too many requests"],
  "root-user-not-exist": [Code.FAILED_PRECONDITION, "etcdserver: root user does not exist"],
  "root-role-not-exist": [Code.FAILED_PRECONDITION, "etcdserver: root user does not have root role"],
  "user-already-exist": [Code.FAILED_PRECONDITION, "etcdserver: user name already exists"],
  "user-empty": [Code.INVALID_ARGUMENT, "etcdserver: user name is empty"],
  "user-not-found": [Code.FAILED_PRECONDITION, "etcdserver: user name not found"],
  "role-already-exist": [Code.FAILED_PRECONDITION, "etcdserver: role name already exists"],
  "role-not-found": [Code.FAILED_PRECONDITION, "etcdserver: role name not found"],
  "role-empty": [Code.INVALID_ARGUMENT, "etcdserver: role name is empty"],
  "auth-failed": [Code.INVALID_ARGUMENT, "etcdserver: authentication failed, invalid user ID or password"],
  // Not in etcd's table, so the text is that of its auth store and the code Unknown.
  "no-password-user": [Code.UNKNOWN, "auth: authentication failed, password was given for no password user"],
  "permission-not-given": [Code.INVALID_ARGUMENT, "etcdserver: permission not given"],
  "permission-denied": [Code.PERMISSION_DENIED, "etcdserver: permission denied"],
  "role-not-granted": [Code.FAILED_PRECONDITION, "etcdserver: role is not granted to the user"],
  "permission-not-granted": [Code.FAILED_PRECONDITION, "etcdserver: permission is not granted to the role"],
  "auth-not-enabled": [Code.FAILED_PRECONDITION, "etcdserver: authentication is not enabled"],
  "invalid-auth-token": [Code.UNAUTHENTICATED, "etcdserver: invalid auth token"],
  "invalid-auth-management": [Code.INVALID_ARGUMENT, "etcdserver: invalid auth management"],
  "auth-old-revision": [Code.INVALID_ARGUMENT, "etcdserver: revision of auth store is old"],
  "no-leader": [Code.UNAVAILABLE, "etcdserver: no leader"],
  "not-leader": [Code.FAILED_PRECONDITION, "etcdserver: not leader"],
  "leader-changed": [Code.UNAVAILABLE, "etcdserver: leader changed"],
  "not-capable": [Code.FAILED_PRECONDITION, "etcdserver: not capable"],
  stopped: [Code.UNAVAILABLE, "etcdserver: server stopped"],
  timeout: [Code.UNAVAILABLE, "etcdserver: request timed out"],
  "timeout-leader-fail": [Code.UNAVAILABLE, "etcdserver: request timed out, possibly due to previous leader failure"],
  "timeout-connection-lost": [Code.UNAVAILABLE, "etcdserver: request timed out, possibly due to connection lost"],
  "timeout-wait-applied": [
    Code.UNAVAILABLE,
    "etcdserver: request timed out, waiting for the applied index took too long",
  ],
  "timeout-leader-transfer": [Code.UNKNOWN, "etcdserver: request timed out, leader transfer took too long"],
  "not-enough-started": [Code.UNKNOWN, "etcdserver: re-configuration failed due to not enough started members"],
  unhealthy: [Code.UNAVAILABLE, "etcdserver: unhealthy cluster"],
  corrupt: [Code.DATA_LOSS, "etcdserver: corrupt cluster"],
  "not-supported-for-learner": [Code.FAILED_PRECONDITION, "etcdserver: rpc not supported for learner"],
  "bad-leader-transferee": [Code.FAILED_PRECONDITION, "etcdserver: bad leader transferee"],
  "not-primary-lessor": [Code.UNKNOWN, "not a primary lessor"],
  canceled: [Code.CANCELED, "etcdserver: request canceled"],
  "deadline-exceeded": [Code.DEADLINE_EXCEEDED, "etcdserver: context deadline exceeded"],
  "wrong-downgrade-version-format": [Code.INVALID_ARGUMENT, "etcdserver: wrong downgrade target version format"],
  "invalid-downgrade-target-version": [Code.INVALID_ARGUMENT, "etcdserver: invalid downgrade target version"],
  "downgrade-in-process": [Code.FAILED_PRECONDITION, "etcdserver: cluster has a downgrade job in progress"],
  "no-inflight-downgrade": [Code.FAILED_PRECONDITION, "etcdserver: no inflight downgrade job"],
  "cluster-version-unavailable": [Code.FAILED_PRECONDITION, "etcdserver: cluster version not found during downgrade"],
} as const satisfies Record<Fault, readonly [Code, string]>;

/** What the wire says about an error; undefined when it is a bug rather than an outcome. */
export function statusOf(error: unknown): Status | undefined {
  if (error instanceof DomainError) {
    const [code, message] = faultStatus[error.fault];
    return { code, message };
  }
  if (error instanceof RpcError) return { code: error.code, message: error.message };
  return undefined;
}
