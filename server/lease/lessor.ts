import type { LeaseId } from "../base/ids.ts";

export interface LeaseView {
  readonly id: LeaseId;
  readonly ttlSeconds: number;
  /** From the last checkpoint, 0 if none. */
  readonly remainingTtlSeconds: number;
}

export type Renewal =
  | { readonly kind: "renewed"; readonly ttlSeconds: number; readonly hadCheckpoint: boolean }
  /** Expired but not yet revoked: wait for the revoke (or the demotion). */
  | { readonly kind: "expired" }
  | { readonly kind: "unknown" }
  | { readonly kind: "not-primary" };

/** Leases and the keys attached to them. Only the primary (the leader's) lets leases expire. All times in ms, monotonic. */
export declare class Lessor {
  readonly isPrimary: boolean;
  readonly leaseCount: number;
  lookup(id: LeaseId): LeaseView | undefined;
  /** Attached keys in order. */
  keysOf(id: LeaseId): readonly Uint8Array[];
  leaseOf(key: Uint8Array): LeaseId;
  promote(nowMs: number, extendMs: number): void;
  demote(): void;
  renew(id: LeaseId, nowMs: number): Renewal;
  /** Until expiry; undefined for an unknown lease; on a member that is not primary the granted TTL. */
  remainingMs(id: LeaseId, nowMs: number): number | undefined;
  /** Leases that are due, oldest first; each is reported again after a pause until it is revoked. */
  expired(nowMs: number, limit: number): readonly LeaseId[];
  /** Remaining TTLs worth a checkpoint entry now. */
  checkpoints(nowMs: number, limit: number): readonly { readonly id: LeaseId; readonly remainingTtlSeconds: number }[];
  /** All leases, soonest expiry first. */
  list(): readonly LeaseView[];
}
