/**
 * Every outcome that a caller must expect, by name. Each has exactly one wire form (`rpc/fault-status.ts`).
 * Names follow the ErrGRPC names of etcd's rpctypes.
 */
export type Fault =
  | "empty-key"
  | "key-not-found"
  | "value-provided"
  | "lease-provided"
  | "too-many-ops"
  | "duplicate-key"
  | "invalid-client-api-version"
  | "invalid-sort-option"
  | "compacted"
  | "future-revision"
  | "no-space"
  | "lease-not-found"
  | "lease-exist"
  | "lease-ttl-too-large"
  | "watch-canceled"
  | "member-exist"
  | "peer-url-exist"
  | "member-not-enough-started"
  | "member-bad-urls"
  | "member-not-found"
  | "member-not-learner"
  | "learner-not-ready"
  | "too-many-learners"
  | "cluster-id-mismatch"
  | "request-too-large"
  | "too-many-requests"
  | "root-user-not-exist"
  | "root-role-not-exist"
  | "user-already-exist"
  | "user-empty"
  | "user-not-found"
  | "role-already-exist"
  | "role-not-found"
  | "role-empty"
  | "auth-failed"
  | "no-password-user"
  | "permission-not-given"
  | "permission-denied"
  | "role-not-granted"
  | "permission-not-granted"
  | "auth-not-enabled"
  | "invalid-auth-token"
  | "invalid-auth-management"
  | "auth-old-revision"
  | "no-leader"
  | "not-leader"
  | "leader-changed"
  | "not-capable"
  | "stopped"
  | "timeout"
  | "timeout-leader-fail"
  | "timeout-connection-lost"
  | "timeout-wait-applied"
  | "timeout-leader-transfer"
  | "not-enough-started"
  | "unhealthy"
  | "corrupt"
  | "not-supported-for-learner"
  | "bad-leader-transferee"
  | "not-primary-lessor"
  | "canceled"
  | "deadline-exceeded"
  | "wrong-downgrade-version-format"
  | "invalid-downgrade-target-version"
  | "downgrade-in-process"
  | "no-inflight-downgrade"
  | "cluster-version-unavailable";

/** An outcome that the caller must expect. Never used for bugs; those are assertions. */
export class DomainError extends Error {
  override readonly name = "DomainError";
  readonly fault: Fault;
  constructor(fault: Fault, options?: ErrorOptions) {
    super(fault, options);
    this.fault = fault;
  }
}
