import { ROOT } from "../auth/access-rights.ts";
import type { Caller } from "../auth/caller.ts";
import { DomainError } from "../base/domain-error.ts";
import { NO_NODE, type LeaseId } from "../base/ids.ts";
import type { Clock, Timer } from "../ports/clock.ts";
import { PeerCallError } from "../ports/peer-call-error.ts";
import type { LeaseTimeToLive, PeerCalls } from "../ports/network.ts";
import type { Leadership } from "./leadership.ts";
import { NodeTallies } from "./node-tallies.ts";
import { pause } from "./pause.ts";
import type { Command } from "./proposals.ts";
import type { Replica } from "./replica.ts";

/** How often expired leases are looked for, and how many may be revoked each time: 1000 a second (etcd's lessor). */
const EXPIRY_TICK_MS = 500;
const REVOKES_PER_TICK = 500;
/** Remaining TTLs are written down this often, so many in one entry (feature LeaseCheckpoint). */
const CHECKPOINT_MS = 5 * 60 * 1000;
const CHECKPOINTS_PER_ENTRY = 1000;
/** How long a keep-alive waits for a lease that has expired to be revoked, or for a leader. */
const WAIT_STEP_MS = 50;

export interface LeaseKeeperOptions {
  readonly replica: Replica;
  readonly leadership: Leadership;
  readonly clock: Clock;
  readonly calls: PeerCalls;
  readonly electionTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly hasCheckpoints: boolean;
  readonly propose: (command: Command, caller?: Caller) => Promise<unknown>;
  readonly tallies?: NodeTallies | undefined;
}

/** Lets leases expire on the leader, and answers keep-alives and questions on every member by asking the leader. */
export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  readonly #timers: Timer[] = [];
  readonly #tallies: NodeTallies;

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
    this.#tallies = options.tallies ?? new NodeTallies();
    options.leadership.onChange(() => {
      this.onLeadership();
    });
    this.#timers.push(
      options.clock.every(EXPIRY_TICK_MS, () => {
        this.#revokeExpired();
      }),
    );
    if (options.hasCheckpoints) {
      this.#timers.push(
        options.clock.every(CHECKPOINT_MS, () => {
          this.#checkpoint();
        }),
      );
    }
  }

  stop(): void {
    for (const timer of this.#timers) timer.cancel();
  }

  /** The new leader gives every lease its full time again, plus an election: nobody could renew meanwhile. */
  onLeadership(): void {
    const { leadership, replica, clock, electionTimeoutMs } = this.#options;
    const { lessor } = replica.machine;
    if (leadership.isLeader && !lessor.isPrimary) lessor.promote(clock.monotonicMs(), electionTimeoutMs);
    else if (!leadership.isLeader && lessor.isPrimary) lessor.demote();
  }

  /** Seconds that the lease has again. Faults: lease-not-found, timeout, no-leader. */
  async renew(id: LeaseId): Promise<number> {
    return this.#atLeader(
      () => this.renewHere(id),
      (urls, timeoutMs) => this.#options.calls.renewLease(urls, id, timeoutMs),
    );
  }

  /** As `renew`, on the leader only; an expired lease waits for its end. Fault: not-primary-lessor. */
  async renewHere(id: LeaseId): Promise<number> {
    const { replica, clock, propose, hasCheckpoints } = this.#options;
    for (;;) {
      const renewal = replica.machine.lessor.renew(id, clock.monotonicMs());
      switch (renewal.kind) {
        case "renewed":
          this.#tallies.leases.renewed++;
          // The checkpoint would otherwise shorten the lease again after the next change of leader.
          if (renewal.hadCheckpoint && hasCheckpoints) {
            await propose({ leaseCheckpoint: { checkpoints: [{ ID: id, remainingTTL: 0n }] } });
          }
          return renewal.ttlSeconds;
        case "unknown":
          throw new DomainError("lease-not-found");
        case "not-primary":
          throw new DomainError("not-primary-lessor");
        case "expired":
          await pause(clock, WAIT_STEP_MS);
      }
    }
  }

  async timeToLive(id: LeaseId, keys: boolean): Promise<LeaseTimeToLive> {
    return this.#atLeader(
      () => this.timeToLiveHere(id, keys),
      (urls, timeoutMs) => this.#options.calls.leaseTimeToLive(urls, id, keys, timeoutMs),
    );
  }

  /** As `timeToLive`, on the leader only. Faults: lease-not-found, not-primary-lessor. */
  async timeToLiveHere(id: LeaseId, withKeys: boolean): Promise<LeaseTimeToLive> {
    const { replica, clock } = this.#options;
    const { lessor } = replica.machine;
    if (!lessor.isPrimary) throw new DomainError("not-primary-lessor");
    const lease = lessor.lookup(id);
    const remainingMs = lessor.remainingMs(id, clock.monotonicMs());
    if (!lease || remainingMs === undefined) throw new DomainError("lease-not-found");
    return {
      id,
      ttl: Math.floor(Math.max(remainingMs, 0) / 1000),
      grantedTtl: lease.ttlSeconds,
      keys: withKeys ? lessor.keysOf(id) : [],
    };
  }

  /** Does it here or at the leader, going after the leader while it moves, until the request times out. */
  async #atLeader<T>(
    here: () => Promise<T>,
    there: (peerUrls: readonly string[], timeoutMs: number) => Promise<T>,
  ): Promise<T> {
    const { leadership, replica, clock, requestTimeoutMs } = this.#options;
    const deadlineMs = clock.monotonicMs() + requestTimeoutMs;
    for (;;) {
      try {
        if (leadership.isLeader) return await here();
        const leader = leadership.leader === NO_NODE ? undefined : replica.machine.membership.member(leadership.leader);
        const timeoutMs = deadlineMs - clock.monotonicMs();
        if (leader && timeoutMs > 0) return await there(leader.peerUrls, timeoutMs);
      } catch (error) {
        // Another leader, or the same one a little later, may say something else. Anything that is neither is a bug.
        const mayPass =
          error instanceof DomainError ? error.fault !== "lease-not-found" : error instanceof PeerCallError;
        if (!mayPass) throw error;
      }
      if (clock.monotonicMs() >= deadlineMs) throw new DomainError("timeout");
      await pause(clock, WAIT_STEP_MS);
    }
  }

  #revokeExpired(): void {
    const { replica, leadership, clock, propose } = this.#options;
    const { auth, lessor } = replica.machine;
    if (!leadership.isLeader || !lessor.isPrimary) return;
    // Revoking deletes keys, so with auth on somebody has to answer for it.
    const caller = auth.isEnabled ? { username: ROOT, revision: auth.revision } : undefined;
    for (const id of lessor.expired(clock.monotonicMs(), REVOKES_PER_TICK)) {
      // One that fails is reported as expired again a little later.
      propose({ leaseRevoke: { ID: id } }, caller).then(
        () => {
          this.#tallies.leases.expired++;
        },
        () => undefined,
      );
    }
  }

  #checkpoint(): void {
    const { replica, leadership, clock, propose } = this.#options;
    if (!leadership.isLeader) return;
    const due = replica.machine.lessor.checkpoints(clock.monotonicMs(), CHECKPOINTS_PER_ENTRY);
    if (due.length === 0) return;
    const checkpoints = due.map(({ id, remainingTtlSeconds }) => ({
      ID: id,
      remainingTTL: BigInt(remainingTtlSeconds),
    }));
    propose({ leaseCheckpoint: { checkpoints } }).catch(() => undefined);
  }
}
