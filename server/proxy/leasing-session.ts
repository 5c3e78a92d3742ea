import { messageOf } from "../base/message-of.ts";
import { isPassing } from "../client/passing-failure.ts";
import { renewalPeriodMs } from "../client/renewal-period.ts";
import type { Timing } from "../client/timing.ts";
import type { Logger } from "../ports/logger.ts";
import type { Event } from "../proto/gen/kv_pb.js";
import type { KeyInterval } from "./key-namespace.ts";
import type { SessionLeases } from "./session-leases.ts";
import { watchFrom } from "./watch-from.ts";
import type { OpenWatch } from "./watch-ranges.ts";

/** The time to live of the lease on which all hangs that a proxy owns (that of etcd's sessions). */
const TTL_SECONDS = 60;
/** The lease is taken to have ended this much earlier than the cluster would end it: clocks run at different speeds. */
const CLOCK_DRIFT_MS = 500;
/** Pause before another try to renew a lease, or to begin a session. */
const RETRY_PAUSE_MS = 1000;
/** How long the end of the process may wait for the cluster to take the lease back. */
const CLOSE_PATIENCE_MS = 2000;

/** What a session works with, and whom it tells. */
export interface LeasingSessionParts {
  readonly leases: SessionLeases;
  readonly openWatch: OpenWatch;
  /** All leasing keys. */
  readonly keys: KeyInterval;
  /** Fails if the cluster does not answer those who give no name any more. */
  readonly mayRead: () => Promise<unknown>;
  readonly timing: Timing;
  readonly logger: Logger;
  /** What happens to leasing keys, from the beginning of the session on. */
  readonly onEvents: (events: readonly Event[]) => void;
  /** Nothing is owned any more. */
  readonly onEnd: () => void;
}

interface Session {
  readonly leaseId: bigint;
  /** The cluster keeps the lease at least until here. */
  aliveUntilMs: number;
}

/**
 * The lease that says that a proxy is there, and the watch by which it hears that others want what it owns. When either
 * is lost, all that was owned is, and another session begins. A lease counts as lost when the cluster may have ended it,
 * even if nobody could say so.
 */
export class LeasingSession {
  readonly #parts: LeasingSessionParts;
  readonly #close = new AbortController();
  readonly #ended: Promise<void>;
  #session: Session | undefined;

  constructor(parts: LeasingSessionParts) {
    this.#parts = parts;
    this.#ended = this.#run();
  }

  /** The lease; undefined: there is none now, or it may have ended. */
  get leaseId(): bigint | undefined {
    const session = this.#session;
    return session && this.#parts.timing.nowMs() < session.aliveUntilMs ? session.leaseId : undefined;
  }

  /** Gives everything back; resolves when the cluster has heard it, or cannot be told. */
  async close(): Promise<void> {
    this.#close.abort();
    await Promise.race([this.#ended, this.#parts.timing.sleep(CLOSE_PATIENCE_MS)]);
  }

  async #run(): Promise<void> {
    const { timing, logger } = this.#parts;
    const { signal } = this.#close;
    let told = "";
    while (!signal.aborted) {
      try {
        const reason = await this.#once();
        told = "";
        if (!signal.aborted) logger.warn("the leasing session has ended; another one begins", { reason });
      } catch (error) {
        // Where users have to log in this may go on for ever: it is told once.
        const reason = messageOf(error);
        if (reason !== told) logger.warn("failed to begin a leasing session, retrying", { error: reason });
        told = reason;
      }
      await timing.sleep(RETRY_PAUSE_MS, signal);
    }
  }

  /** From the lease's beginning to its end, or to that of the watch: the reason. */
  async #once(): Promise<string> {
    const { leases, mayRead, timing, logger, onEnd } = this.#parts;
    await mayRead();
    const askedMs = timing.nowMs();
    const { leaseId, ttlSeconds, revision } = await leases.grant(TTL_SECONDS);
    const session = { leaseId, aliveUntilMs: aliveUntil(askedMs, ttlSeconds) };
    const over = new AbortController();
    const signal = AbortSignal.any([over.signal, this.#close.signal]);
    const watch = this.#watch(revision + 1n);
    this.#session = session;
    logger.info("leasing session began", { lease: leaseId.toString(16), "lease-ttl": ttlSeconds });
    try {
      return await Promise.race([watch.ended, this.#keepAlive(session, signal)]);
    } catch (error) {
      return messageOf(error);
    } finally {
      over.abort();
      this.#session = undefined;
      watch.close();
      onEnd();
      // Others need not wait for the lease's end then; if it fails, they do.
      await Promise.race([leases.revoke(leaseId).catch(() => undefined), timing.sleep(RETRY_PAUSE_MS)]);
    }
  }

  /** Until it ends or the signal says so. */
  async #keepAlive(session: Session, signal: AbortSignal): Promise<string> {
    const { timing } = this.#parts;
    for (;;) {
      await timing.sleep(renewalPeriodMs(TTL_SECONDS), signal);
      if (signal.aborted) return "the proxy ends";
      const late = timing.sleep(session.aliveUntilMs - timing.nowMs(), signal).then(() => undefined);
      const renewed = await Promise.race([this.#renewed(session.leaseId, signal), late]);
      // Who was asked to give something up after that has not heard it.
      const isLate = timing.nowMs() >= session.aliveUntilMs;
      if (!renewed || isLate) return "the cluster has not renewed the lease in time";
      if (renewed.ttlSeconds <= 0) return "the cluster has ended the lease";
      session.aliveUntilMs = aliveUntil(renewed.askedMs, renewed.ttlSeconds);
    }
  }

  /** Undefined once the signal has ended it: until then the cluster is asked again and again. */
  async #renewed(
    leaseId: bigint,
    signal: AbortSignal,
  ): Promise<{ readonly askedMs: number; readonly ttlSeconds: number } | undefined> {
    const { leases, mayRead, timing } = this.#parts;
    while (!signal.aborted) {
      try {
        const askedMs = timing.nowMs();
        await mayRead();
        return { askedMs, ttlSeconds: await leases.renew(leaseId) };
      } catch (error) {
        if (!isPassing(error)) throw error;
      }
      await timing.sleep(RETRY_PAUSE_MS, signal);
    }
    return undefined;
  }

  #watch(from: bigint): { readonly ended: Promise<string>; close(): void } {
    const { openWatch, keys, onEvents } = this.#parts;
    const ended = Promise.withResolvers<string>();
    const watch = watchFrom(openWatch, keys, { from, token: undefined }, ({ events, canceled, cancelReason }) => {
      onEvents(events);
      if (canceled) ended.resolve(`the watch of the leasing keys has ended: ${cancelReason}`);
    });
    return { ended: ended.promise, close: () => watch.close() };
  }
}

function aliveUntil(askedMs: number, ttlSeconds: number): number {
  return askedMs + ttlSeconds * 1000 - CLOCK_DRIFT_MS;
}
