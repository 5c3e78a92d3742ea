import type { NodeId } from "../base/ids.ts";
import type { Clock } from "../ports/clock.ts";
import { MessageType, type Message } from "../proto/raft-message.ts";

/** Watches whether the leader's heartbeats leave in time: late ones tell of an event loop or a disk that is overloaded. */
export class HeartbeatPace {
  readonly #limitMs: number;
  readonly #onLate: () => void;
  readonly #sentMs = new Map<NodeId, number>();

  /** A heartbeat is late if the one before left more than two ticks ago (etcd's timeout detector). */
  constructor(tickMs: number, onLate: () => void) {
    this.#limitMs = 2 * tickMs;
    this.#onLate = onLate;
  }

  onSending(message: Message, clock: Pick<Clock, "monotonicMs">): void {
    if (message.type !== MessageType.Heartbeat) return;
    const sentMs = clock.monotonicMs();
    const before = this.#sentMs.get(message.to);
    this.#sentMs.set(message.to, sentMs);
    if (before !== undefined && sentMs - before > this.#limitMs) this.#onLate();
  }

  /** Another role, other members: nobody is owed a heartbeat. */
  reset(): void {
    this.#sentMs.clear();
  }
}
