import type { LeaseId } from "../../../server/base/ids.ts";
import { Violation, type History } from "./history.ts";

/** Members' clocks run this much too fast at most, and leases are counted in whole ticks of the lessor. */
const TOLERANCE = 0.95;

interface KnownLease {
  readonly ttlMs: number;
  /** When the last renewal that was answered had been asked for. */
  renewedMs: number;
  wasRevoked: boolean;
}

/** Whatever hangs on a lease stays as long as its owner was promised. */
export class LeaseChecker {
  readonly #leases = new Map<LeaseId, KnownLease>();

  granted(id: LeaseId, ttlSeconds: number, calledMs: number): void {
    this.#leases.set(id, { ttlMs: ttlSeconds * 1000, renewedMs: calledMs, wasRevoked: false });
  }

  renewed(id: LeaseId, calledMs: number): void {
    const lease = this.#leases.get(id);
    if (lease) lease.renewedMs = Math.max(lease.renewedMs, calledMs);
  }

  /** It may go from now on. */
  revoking(id: LeaseId): void {
    const lease = this.#leases.get(id);
    if (lease) lease.wasRevoked = true;
  }

  keyOf(id: LeaseId): string {
    return `lease/${String(id)}`;
  }

  /** Only its lease deletes such a key. To be called whenever something was seen to be deleted. */
  deleted(key: string, nowMs: number): void {
    const id = /^lease\/(\d+)$/.exec(key)?.[1];
    const lease = id === undefined ? undefined : this.#leases.get(BigInt(id));
    if (!lease || lease.wasRevoked) return;
    const livedMs = nowMs - lease.renewedMs;
    if (livedMs < lease.ttlMs * TOLERANCE) {
      throw new Violation(
        `${key} went ${livedMs.toFixed(0)} ms after its renewal, its TTL is ${String(lease.ttlMs)} ms`,
      );
    }
  }

  /** At the end, when nobody has renewed for long: expired leases are gone. */
  checkExpired(history: History, nowMs: number, slackMs: number): void {
    history.replay((revision, state) => {
      if (revision !== history.last) return;
      for (const [id, { ttlMs, renewedMs }] of this.#leases) {
        if (renewedMs + ttlMs + slackMs < nowMs && state.has(this.keyOf(id))) {
          throw new Violation(`${this.keyOf(id)} is there ${String(nowMs - renewedMs)} ms after its last renewal`);
        }
      }
    });
  }
}
