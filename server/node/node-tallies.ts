import { Distribution, doublingBounds } from "../base/distribution.ts";
import type { Fault } from "../base/domain-error.ts";
import type { Fact } from "../apply/outcome.ts";
import { MvccTallies } from "../mvcc/mvcc-tallies.ts";
import { ApplyTallies, type OnSlow } from "./apply-tallies.ts";

/** etcd's buckets: from a millisecond to 8 seconds. */
const DISK_BOUNDS_S = doublingBounds(0.001, 14);

export interface NodeTalliesOptions {
  /** A monotonic clock in milliseconds; without one nothing takes any time. */
  readonly nowMs?: (() => number) | undefined;
  /** Applying or reading that takes longer is slow (etcd's --warning-apply-duration). */
  readonly slowApplyMs?: number | undefined;
  readonly onSlowApply?: OnSlow | undefined;
}

/**
 * What a member has done since its process started, in plain numbers: the parts count, and whoever shows the metrics gives
 * the numbers their names. They outlive the replicated state, which a snapshot replaces.
 */
export class NodeTallies {
  readonly #nowMs: () => number;
  readonly mvcc = new MvccTallies();
  readonly apply: ApplyTallies;
  readonly disk = {
    walSyncSeconds: new Distribution(DISK_BOUNDS_S),
    walWriteSeconds: new Distribution(DISK_BOUNDS_S),
    walBytes: 0,
    commitSeconds: new Distribution(DISK_BOUNDS_S),
    /** The part of a commit that the store takes. */
    commitWriteSeconds: new Distribution(DISK_BOUNDS_S),
    defragSeconds: new Distribution(doublingBounds(0.1, 13)),
    defragsRunning: 0,
    /** From the moment that a snapshot is taken to the moment that it is released. */
    snapshotSeconds: new Distribution(doublingBounds(0.01, 17)),
    /** A database that came from the leader: all of it, and the sync of its file. */
    receivedSeconds: new Distribution(doublingBounds(0.1, 10)),
    receivedSyncSeconds: new Distribution(DISK_BOUNDS_S),
    /** The marker of a local snapshot, on its way into the log. */
    markerSeconds: new Distribution(DISK_BOUNDS_S),
  };
  readonly hash = {
    wholeSeconds: new Distribution(doublingBounds(0.01, 15)),
    revisionSeconds: new Distribution(doublingBounds(0.01, 15)),
  };
  readonly compaction = {
    deletedRows: 0,
    lastUnixSeconds: 0,
    totalMs: new Distribution(doublingBounds(100, 14)),
    indexPauseMs: new Distribution(doublingBounds(0.5, 14)),
    rowsPauseMs: new Distribution(doublingBounds(1, 13)),
  };
  readonly consensus = {
    pendingProposals: (): number => 0,
    failedProposals: 0,
    slowReads: 0,
    failedReads: 0,
    lateHeartbeats: 0,
    snapshotsInstalling: 0,
    promotions: 0,
    failedPromotions: new Map<Fault, number>(),
  };
  readonly leases = {
    granted: 0,
    revoked: 0,
    renewed: 0,
    expired: 0,
    /** A second to three months. */
    ttlSeconds: new Distribution(doublingBounds(1, 24)),
  };
  readonly watches = { streams: 0, sentEvents: 0, pendingEvents: 0 };
  readonly health = {
    successes: 0,
    failures: 0,
    /** By probe and check. */
    checks: new Map<string, HealthCheckTally>(),
  };

  constructor({ nowMs = () => 0, slowApplyMs, onSlowApply }: NodeTalliesOptions = {}) {
    this.#nowMs = nowMs;
    this.apply = new ApplyTallies(slowApplyMs, onSlowApply);
  }

  /** Runs a task and observes the seconds that it took, unless it failed. */
  async timed<T>(seconds: Distribution, task: () => Promise<T>): Promise<T> {
    const stop = this.start(seconds);
    const result = await task();
    stop();
    return result;
  }

  /** Begins to measure; the result ends it and observes the seconds. */
  start(seconds: Distribution): () => void {
    const startMs = this.#nowMs();
    return () => {
      seconds.observe((this.#nowMs() - startMs) / 1000);
    };
  }

  onFacts(facts: readonly Fact[]): void {
    for (const fact of facts) {
      if (fact.kind === "lease-granted") {
        this.leases.granted++;
        this.leases.ttlSeconds.observe(fact.ttlSeconds);
      } else if (fact.kind === "lease-revoked") this.leases.revoked++;
    }
  }

  onPromotionFailed(fault: Fault): void {
    const { failedPromotions } = this.consensus;
    failedPromotions.set(fault, (failedPromotions.get(fault) ?? 0) + 1);
  }

  onHealth(isHealthy: boolean): void {
    if (isHealthy) this.health.successes++;
    else this.health.failures++;
  }

  onCheck(probe: string, name: string, isHealthy: boolean): void {
    const { checks } = this.health;
    const key = `${probe}/${name}`;
    const tally = checks.get(key) ?? { probe, name, isHealthy, successes: 0, failures: 0 };
    checks.set(key, tally);
    tally.isHealthy = isHealthy;
    if (isHealthy) tally.successes++;
    else tally.failures++;
  }
}

/** What one check of one probe has found. */
export interface HealthCheckTally {
  readonly probe: string;
  readonly name: string;
  isHealthy: boolean;
  successes: number;
  failures: number;
}
