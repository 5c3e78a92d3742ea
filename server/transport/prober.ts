import { hexId, type NodeId } from "../base/ids.ts";
import type { Clock, Timer } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { NetworkMetrics } from "./network-metrics.ts";
import type { PeerClient } from "./peer-client.ts";
import type { UrlPicker } from "./url-picker.ts";

/** How often a peer is asked, as etcd does it. */
const PROBE_MS = 4000;
/** From this difference on the clocks of two members are complained about. */
const MAX_CLOCK_DIFFERENCE_MS = 1000;

export interface ProberOptions {
  readonly peerId: NodeId;
  readonly urls: UrlPicker;
  readonly client: PeerClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: NetworkMetrics;
  /** Whether the peer is known to be there. */
  readonly isReachable: () => boolean;
}

/** Asks a peer's /raft/probing regularly: how long an answer takes, and whether the clocks agree. */
export class Prober {
  readonly #options: ProberOptions;
  readonly #timer: Timer;
  #isAsking = false;

  constructor(options: ProberOptions) {
    this.#options = options;
    this.#timer = options.clock.every(PROBE_MS, () => {
      if (!this.#isAsking && options.isReachable()) void this.#probe();
    });
  }

  close(): void {
    this.#timer.cancel();
  }

  async #probe(): Promise<void> {
    const { peerId, urls, client, clock, logger, metrics } = this.#options;
    this.#isAsking = true;
    const startMs = clock.monotonicMs();
    try {
      const request = { method: "GET", url: urls.pick(), path: "/raft/probing", headers: {} } as const;
      const { status, body } = await client.call({ ...request, timeoutMs: PROBE_MS });
      const theirMs = status === 200 ? probedTimeMs(body.toString("utf8")) : undefined;
      if (theirMs === undefined) return;
      const roundTripMs = clock.monotonicMs() - startMs;
      metrics.roundTrip(peerId, roundTripMs / 1000);
      const differenceMs = Math.abs(clock.unixMs() - roundTripMs / 2 - theirMs);
      if (differenceMs > MAX_CLOCK_DIFFERENCE_MS) {
        logger.warn("prober found high clock drift", {
          "remote-peer-id": hexId(peerId),
          "clock-drift": `${String(Math.round(differenceMs))}ms`,
          rtt: `${roundTripMs.toFixed(3)}ms`,
        });
      }
    } catch {
      // The streams notice and report a peer that cannot be reached.
    } finally {
      this.#isAsking = false;
    }
  }
}

function probedTimeMs(body: string): number | undefined {
  const now = /"Now":"([^"]+)"/.exec(body)?.[1];
  const ms = now === undefined ? Number.NaN : Date.parse(now);
  return Number.isNaN(ms) ? undefined : ms;
}
