import { hexId, type NodeId } from "../base/ids.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { NetworkMetrics } from "./network-metrics.ts";

/** Different reasons that are logged while a peer cannot be reached. */
const MAX_COMPLAINTS = 16;

export interface PeerStatusOptions {
  readonly selfId: NodeId;
  readonly peerId: NodeId;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: NetworkMetrics;
}

/** Whether a peer can be reached, and since when: it can while one of the streams that we dialed is up. */
export class PeerStatus {
  readonly #options: PeerStatusOptions;
  #streams = 0;
  #activeSinceMs: number | undefined;
  /** What was complained about since the peer was last active. */
  readonly #complaints = new Set<string>();

  constructor(options: PeerStatusOptions) {
    this.#options = options;
  }

  get activeSinceMs(): number | undefined {
    return this.#activeSinceMs;
  }

  /** A stream from the peer has begun; the result is to be called when it has ended. */
  streamUp(): (reason: string) => void {
    this.#streams++;
    this.up();
    return (reason) => {
      this.#streams--;
      this.down(reason);
    };
  }

  /** Something went through to the peer. */
  up(): void {
    if (this.#activeSinceMs !== undefined) return;
    const { selfId, peerId, clock, logger, metrics } = this.#options;
    this.#activeSinceMs = clock.monotonicMs();
    this.#complaints.clear();
    metrics.connected(selfId, peerId);
    logger.info("peer became active", { "peer-id": hexId(peerId) });
  }

  /** Something did not go through to the peer. The same reason is logged once. */
  down(reason: string): void {
    const { selfId, peerId, logger, metrics } = this.#options;
    const fields = { "peer-id": hexId(peerId), error: reason };
    if (this.#streams > 0) {
      logger.debug("failed to reach peer on one of its channels", fields);
    } else if (this.#activeSinceMs !== undefined) {
      this.#activeSinceMs = undefined;
      metrics.disconnected(selfId, peerId);
      logger.warn("peer became inactive (message send to peer failed)", fields);
    } else if (!this.#complaints.has(reason) && this.#complaints.size < MAX_COMPLAINTS) {
      logger.warn("failed to reach peer", fields);
    }
    if (this.#complaints.size < MAX_COMPLAINTS) this.#complaints.add(reason);
  }
}
