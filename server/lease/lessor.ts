import { assert } from "../base/assert.ts";
import { bytesOf } from "../base/byte-string.ts";
import type { ByteString } from "../base/byte-string.ts";
import { DomainError } from "../base/domain-error.ts";
import type { LeaseId } from "../base/ids.ts";
import type { SizeAccounting } from "../backend/size-accounting.ts";
import type { WriteBuffer } from "../backend/write-buffer.ts";
import { ExpiryQueue } from "./expiry-queue.ts";
import { decodeLease, encodeLease, leaseKey } from "./lease-record.ts";
import type { LeaseRecord } from "./lease-record.ts";
import { spreadExpiries } from "./spread-expiries.ts";

/** etcd's limit, in seconds. */
export const MAX_TTL_SECONDS = 9_000_000_000;
/** After this an expired lease that is still there is reported again. */
const RETRY_MS = 3000;
/** How often the remaining time of a long lease is worth writing down. */
const CHECKPOINT_MS = 5 * 60 * 1000;

interface Lease {
  readonly id: LeaseId;
  readonly ttlSeconds: number;
  remainingTtlSeconds: number;
  /** Infinity on a member that is not primary. */
  expiryMs: number;
  /** When an expired lease is to be reported (again). */
  reportMs: number;
  checkpointMs: number;
  isRevoked: boolean;
  readonly keys: Set<ByteString>;
}

/** What a keep-alive comes to. */
export type Renewal =
  /** With a checkpoint on record, that has to be set to 0 through the log. */
  | { readonly kind: "renewed"; readonly ttlSeconds: number; readonly hadCheckpoint: boolean }
  /** Due but not yet revoked: wait for the revoke (or for a new leader). */
  | { readonly kind: "expired" }
  | { readonly kind: "unknown" }
  | { readonly kind: "not-primary" };

export interface LessorOptions {
  readonly buffer: WriteBuffer;
  readonly sizes: SizeAccounting;
  readonly minTtlSeconds: number;
  /** Whether checkpoints survive a change of the leader. */
  readonly persistCheckpoints: boolean;
}

/**
 * Leases and the keys attached to them. What is replicated (grant, revoke, attach) comes through the log; when
 * a lease expires is decided by the primary alone, the leader's lessor. Times are milliseconds of a monotonic clock.
 */
export class Lessor {
  readonly #options: LessorOptions;
  readonly #leases = new Map<LeaseId, Lease>();
  /** Also of keys whose lease does not exist: a restored snapshot may hold such. */
  readonly #leaseByKey = new Map<ByteString, LeaseId>();
  readonly #expiries = new ExpiryQueue<Lease>((lease) => (lease.isRevoked ? undefined : lease.reportMs));
  readonly #checkpoints = new ExpiryQueue<Lease>((lease) => (lease.isRevoked ? undefined : lease.checkpointMs));
  #isPrimary = false;

  constructor(options: LessorOptions) {
    this.#options = options;
  }

  get isPrimary(): boolean {
    return this.#isPrimary;
  }

  get leaseCount(): number {
    return this.#leases.size;
  }

  /** A row of bucket `lease`. */
  load(row: Uint8Array): void {
    const { id, ttlSeconds, remainingTtlSeconds } = decodeLease(row);
    const lease = newLease(id, Math.max(ttlSeconds, this.#options.minTtlSeconds), remainingTtlSeconds);
    this.#leases.set(id, lease);
    this.#options.sizes.added(rowBytes(lease));
  }

  /** Throws lease-not-found for id 0, lease-ttl-too-large, lease-exist. The TTL is raised to the minimum. */
  grant(id: LeaseId, ttlSeconds: number, nowMs: number): LeaseRecord {
    if (id === 0n) throw new DomainError("lease-not-found");
    if (ttlSeconds > MAX_TTL_SECONDS) throw new DomainError("lease-ttl-too-large");
    if (this.#leases.has(id)) throw new DomainError("lease-exist");
    const lease = newLease(id, Math.max(ttlSeconds, this.#options.minTtlSeconds), 0);
    this.#leases.set(id, lease);
    if (this.#isPrimary) this.#schedule(lease, nowMs);
    this.#write(lease);
    this.#options.sizes.added(rowBytes(lease));
    return lease;
  }

  /** Throws lease-not-found. The keys must have been deleted before. */
  revoke(id: LeaseId): void {
    const lease = this.#must(id);
    assert(lease.keys.size === 0, "the keys of a lease go before it");
    lease.isRevoked = true;
    this.#leases.delete(id);
    if (this.#isPrimary) {
      this.#expiries.forget();
      this.#checkpoints.forget();
    }
    this.#options.buffer.delete("lease", leaseKey(id));
    this.#options.sizes.removed(rowBytes(lease));
  }

  /** From the log: what the primary says that is left. Throws lease-not-found. */
  checkpoint(id: LeaseId, remainingTtlSeconds: number, nowMs: number): void {
    const lease = this.#must(id);
    lease.remainingTtlSeconds = remainingTtlSeconds;
    if (this.#options.persistCheckpoints) this.#write(lease);
    if (this.#isPrimary) lease.checkpointMs = nowMs + CHECKPOINT_MS;
  }

  lookup(id: LeaseId): LeaseRecord | undefined {
    return this.#leases.get(id);
  }

  /** 0n if the key has none. */
  leaseOf(key: ByteString): LeaseId {
    return this.#leaseByKey.get(key) ?? 0n;
  }

  /** Attached keys in order. */
  keysOf(id: LeaseId): readonly Uint8Array[] {
    // Byte strings sort as their bytes do.
    const keys = [...(this.#leases.get(id)?.keys ?? [])].toSorted();
    return keys.map(bytesOf);
  }

  /** Takes the key from its former lease. A lease that does not exist is noted, but never expires. */
  attach(key: ByteString, id: LeaseId): void {
    this.detach(key);
    this.#leaseByKey.set(key, id);
    this.#leases.get(id)?.keys.add(key);
  }

  detach(key: ByteString): void {
    // Without leases not even the key's hash is computed.
    const id = this.#leaseByKey.size === 0 ? undefined : this.#leaseByKey.get(key);
    if (id === undefined) return;
    this.#leaseByKey.delete(key);
    this.#leases.get(id)?.keys.delete(key);
  }

  /** This member leads now: every lease gets its time anew, plus `extendMs` for what the election took. */
  promote(nowMs: number, extendMs: number): void {
    this.#isPrimary = true;
    const leases = [...this.#leases.values()];
    for (const lease of leases) setExpiry(lease, nowMs + leftSeconds(lease) * 1000 + extendMs);
    for (const [lease, expiryMs] of spreadExpiries(leases)) setExpiry(lease, expiryMs);
    for (const lease of leases) lease.checkpointMs = nowMs + CHECKPOINT_MS;
    this.#expiries.reset(leases);
    this.#checkpoints.reset(leases);
  }

  /** This member leads no more: nothing expires here. */
  demote(): void {
    this.#isPrimary = false;
    for (const lease of this.#leases.values()) setExpiry(lease, Infinity);
    this.#expiries.reset([]);
    this.#checkpoints.reset([]);
  }

  renew(id: LeaseId, nowMs: number): Renewal {
    if (!this.#isPrimary) return { kind: "not-primary" };
    const lease = this.#leases.get(id);
    if (!lease) return { kind: "unknown" };
    if (lease.expiryMs <= nowMs) return { kind: "expired" };
    setExpiry(lease, nowMs + lease.ttlSeconds * 1000);
    return { kind: "renewed", ttlSeconds: lease.ttlSeconds, hadCheckpoint: lease.remainingTtlSeconds > 0 };
  }

  /** Until expiry, 0 if it is due; where this member is not primary, all of it. Undefined: no such lease. */
  remainingMs(id: LeaseId, nowMs: number): number | undefined {
    const lease = this.#leases.get(id);
    if (!lease) return undefined;
    return this.#isPrimary ? Math.max(0, lease.expiryMs - nowMs) : leftSeconds(lease) * 1000;
  }

  /** Leases to revoke now, the earliest first; each is reported again some seconds later until it is gone. */
  expired(nowMs: number, limit: number): readonly LeaseId[] {
    const due = this.#expiries.takeDue(nowMs, limit);
    for (const lease of due) {
      lease.reportMs = nowMs + RETRY_MS;
      this.#expiries.add(lease, lease.reportMs);
    }
    return due.map(({ id }) => id);
  }

  /** Long leases whose remaining time is worth an entry in the log now. */
  checkpoints(nowMs: number, limit: number): readonly { readonly id: LeaseId; readonly remainingTtlSeconds: number }[] {
    const due = this.#checkpoints.takeDue(nowMs, limit);
    for (const lease of due) {
      lease.checkpointMs = nowMs + CHECKPOINT_MS;
      this.#checkpoints.add(lease, lease.checkpointMs);
    }
    return due
      .map((lease) => ({ lease, left: Math.ceil((lease.expiryMs - nowMs) / 1000) }))
      .filter(({ lease, left }) => left > 0 && left < lease.ttlSeconds)
      .map(({ lease, left }) => ({ id: lease.id, remainingTtlSeconds: left }));
  }

  /** All leases, soonest expiry first. */
  list(): readonly LeaseRecord[] {
    return [...this.#leases.values()].toSorted((a, b) => byExpiry(a, b) || Number(a.id - b.id));
  }

  #schedule(lease: Lease, nowMs: number): void {
    setExpiry(lease, nowMs + lease.ttlSeconds * 1000);
    lease.checkpointMs = nowMs + CHECKPOINT_MS;
    this.#expiries.add(lease, lease.reportMs);
    this.#checkpoints.add(lease, lease.checkpointMs);
  }

  #write(lease: Lease): void {
    this.#options.buffer.put("lease", leaseKey(lease.id), encodeLease(lease));
  }

  #must(id: LeaseId): Lease {
    const lease = this.#leases.get(id);
    if (!lease) throw new DomainError("lease-not-found");
    return lease;
  }
}

function newLease(id: LeaseId, ttlSeconds: number, remainingTtlSeconds: number): Lease {
  return {
    id,
    ttlSeconds,
    remainingTtlSeconds,
    expiryMs: Infinity,
    reportMs: Infinity,
    checkpointMs: Infinity,
    isRevoked: false,
    keys: new Set(),
  };
}

function setExpiry(lease: Lease, expiryMs: number): void {
  lease.expiryMs = expiryMs;
  lease.reportMs = expiryMs;
}

function leftSeconds(lease: Lease): number {
  return lease.remainingTtlSeconds > 0 ? lease.remainingTtlSeconds : lease.ttlSeconds;
}

function byExpiry(a: Lease, b: Lease): number {
  // Infinity minus itself is no number.
  return a.expiryMs === b.expiryMs ? 0 : a.expiryMs - b.expiryMs;
}

/** For the accounting of sizes; must be the same when the lease comes and goes, so checkpoints do not count. */
function rowBytes(lease: Lease): number {
  return 8 + encodeLease({ id: lease.id, ttlSeconds: lease.ttlSeconds, remainingTtlSeconds: 0 }).length;
}
