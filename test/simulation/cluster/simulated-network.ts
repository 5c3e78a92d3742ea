import type { NodeId } from "../../../server/base/ids.ts";
import type { Random } from "../../../server/base/prng.ts";
import type { Network, PeerAddress, PeerCalls, SnapshotBody } from "../../../server/ports/network.ts";
import { PeerCallError } from "../../../server/ports/peer-call-error.ts";
import type { PeerHandlers } from "../../../server/ports/peer-handlers.ts";
import type { Message } from "../../../server/proto/raft-message.ts";
import type { SimulatedProcess } from "./simulated-process.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** A process that listens on its peer port. */
export interface Listener {
  readonly process: SimulatedProcess;
  readonly handlers: PeerHandlers;
  readonly peerUrls: readonly string[];
}

interface Connected extends Listener {
  readonly peers: Set<NodeId>;
}

/** How unreliable the network is just now, in parts of a thousand. */
export interface Weather {
  dropped: number;
  late: number;
  latestMs: number;
}

const LINK_MS = 3;

/** All the members' connections: messages are late, overtake each other and get lost; members are cut off. */
export class SimulatedNetwork {
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #listeners = new Map<NodeId, Connected>();
  /** Since when the member with the first URL reaches the one with the second; Infinity: it does not. */
  readonly #links = new Map<string, number>();
  readonly weather: Weather = { dropped: 0, late: 0, latestMs: 0 };
  sent = 0;
  lost = 0;
  snapshots = 0;

  constructor(time: VirtualTime, random: Random) {
    this.#time = time;
    this.#random = random;
  }

  /** Cuts or mends the way from one member to another, by their first peer URLs. */
  setLink(from: string, to: string, isUp: boolean): void {
    const link = `${from} ${to}`;
    if (isUp && this.#links.get(link) === Infinity) this.#links.set(link, this.#time.nowMs);
    else if (!isUp) this.#links.set(link, Infinity);
  }

  healAll(): void {
    for (const [link, sinceMs] of this.#links) if (sinceMs === Infinity) this.#links.set(link, this.#time.nowMs);
    Object.assign(this.weather, { dropped: 0, late: 0, latestMs: 0 });
  }

  connect(joining: Listener, knownPeers: readonly PeerAddress[]): Network {
    const peers = new Set<NodeId>(knownPeers.map(({ id }) => id));
    const listener: Connected = { ...joining, peers };
    this.#listeners.set(listener.handlers.selfId, listener);
    return {
      send: (messages) => {
        for (const message of messages) if (peers.has(message.to)) this.#send(listener, message);
      },
      sendSnapshot: (message, body) => {
        if (!listener.process.isAlive) return;
        this.#sendSnapshot(listener, message, body).catch(() => undefined);
      },
      addPeer: ({ id }) => void peers.add(id),
      updatePeer: () => undefined,
      removePeer: (id) => void peers.delete(id),
      activeSinceMs: (id) => (peers.has(id) ? this.#activeSince(listener, id) : undefined),
      calls: this.calls(listener.process, listener.peerUrls),
      close: () => {
        this.#listeners.delete(listener.handlers.selfId);
        return Promise.resolve();
      },
    };
  }

  /** Peer calls of a process, which may not listen yet. */
  calls(process: SimulatedProcess, ownUrls: readonly string[]): PeerCalls {
    const call = <T>(
      urls: readonly string[],
      timeoutMs: number,
      ask: (handlers: PeerHandlers) => T | Promise<T>,
    ): Promise<T> => this.#call(process, ownUrls, urls, timeoutMs, ask);
    return {
      version: (urls, timeoutMs) => call(urls, timeoutMs, (handlers) => handlers.version()),
      members: (urls, timeoutMs) =>
        call(urls, timeoutMs, (handlers) => ({ clusterId: handlers.clusterId, members: handlers.members() })),
      downgradeEnabled: (urls, timeoutMs) => call(urls, timeoutMs, (handlers) => handlers.downgradeEnabled()),
      renewLease: (urls, id, timeoutMs) => call(urls, timeoutMs, (handlers) => handlers.renewLease(id)),
      leaseTimeToLive: (urls, id, keys, timeoutMs) =>
        call(urls, timeoutMs, (handlers) => handlers.leaseTimeToLive(id, keys)),
      promote: (urls, id, timeoutMs) => call(urls, timeoutMs, (handlers) => handlers.promote(id)),
      hashKv: (urls, revision, timeoutMs) => call(urls, timeoutMs, (handlers) => handlers.hashKv(revision)),
    };
  }

  async #call<T>(
    process: SimulatedProcess,
    ownUrls: readonly string[],
    urls: readonly string[],
    timeoutMs: number,
    ask: (handlers: PeerHandlers) => T | Promise<T>,
  ): Promise<T> {
    await this.#time.pause(this.#delayMs());
    const target = [...this.#listeners.values()].find(
      (candidate) => candidate.process.isAlive && candidate.peerUrls.some((url) => urls.includes(url)),
    );
    if (!target || this.#isCut(ownUrls, target.peerUrls) || this.#isCut(target.peerUrls, ownUrls)) {
      await this.#time.pause(Math.min(timeoutMs, 1000));
      throw new PeerCallError(`${urls.join(",")}: cannot be reached`);
    }
    const timeout = Promise.withResolvers<never>();
    const timer = this.#time.after(timeoutMs, () => {
      timeout.reject(new PeerCallError(`${urls.join(",")}: no answer`));
    });
    try {
      const answer = await Promise.race([ask(target.handlers), target.process.death, timeout.promise]);
      await this.#time.pause(this.#delayMs());
      if (this.#isCut(target.peerUrls, ownUrls)) throw new PeerCallError(`${urls.join(",")}: connection lost`);
      return answer;
    } finally {
      timer.cancel();
      if (!process.isAlive) await new Promise<never>(() => undefined);
    }
  }

  #send(from: Connected, message: Message): void {
    if (!from.process.isAlive) return;
    this.sent++;
    const to = this.#listeners.get(message.to);
    const isLost = this.#random.below(1000) < this.weather.dropped;
    if (!to?.process.isAlive || this.#isCut(from.peerUrls, to.peerUrls) || isLost) {
      this.lost++;
      this.#time.after(LINK_MS, () => {
        if (from.process.isAlive && !isLost) from.handlers.onUnreachable(message.to);
      });
      return;
    }
    this.#time.after(this.#delayMs(), () => {
      // One that was restarted meanwhile has the message too: it may have waited in the network.
      const target = this.#listeners.get(message.to);
      if (!target?.process.isAlive) return;
      if (target.handlers.isRemoved(message.from)) {
        if (from.process.isAlive) from.handlers.onRemoved();
        return;
      }
      // Who is heard can be answered, as long as the log has not told the members.
      target.peers.add(message.from);
      target.handlers.onMessage(message);
    });
  }

  async #sendSnapshot(from: Connected, message: Message, body: SnapshotBody): Promise<void> {
    this.snapshots++;
    const isDelivered = await this.#stream(from, message, body).then(
      () => true,
      () => false,
    );
    if (!from.process.isAlive) return;
    await body.release();
    from.handlers.onSnapshotSent(message.to, isDelivered);
  }

  async #stream(from: Connected, message: Message, body: SnapshotBody): Promise<void> {
    await this.#time.pause(this.#delayMs());
    const to = this.#listeners.get(message.to);
    if (!to?.process.isAlive) throw new Error("connection refused");
    const { process } = from;
    const check = (): void => {
      if (!process.isAlive || this.#isCut(from.peerUrls, to.peerUrls)) throw new Error("connection lost");
    };
    check();
    const pieces = body.read()[Symbol.asyncIterator]();
    const pause = (): Promise<void> => this.#time.pause(this.#delayMs());
    async function* received(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          const piece = await Promise.race([pieces.next(), process.death]);
          check();
          if (piece.done === true) return;
          // In small pieces, so that a crash comes in the middle.
          for (let at = 0; at < piece.value.length; at += 8192) {
            await pause();
            check();
            yield piece.value.slice(at, at + 8192);
          }
        }
      } finally {
        if (process.isAlive) await pieces.return?.();
      }
    }
    await Promise.race([to.handlers.onSnapshot(message, received()), to.process.death, process.death]);
  }

  #activeSince(from: Listener, id: NodeId): number | undefined {
    const to = this.#listeners.get(id);
    if (!to?.process.isAlive) return undefined;
    const linkedMs = this.#links.get(linkOf(to.peerUrls, from.peerUrls)) ?? 0;
    if (linkedMs === Infinity) return undefined;
    return from.process.toMonotonicMs(Math.max(linkedMs, from.process.startMs, to.process.startMs) + LINK_MS);
  }

  #isCut(from: readonly string[], to: readonly string[]): boolean {
    return this.#links.get(linkOf(from, to)) === Infinity;
  }

  #delayMs(): number {
    const { late, latestMs } = this.weather;
    const extraMs = this.#random.below(1000) < late ? this.#random.below(latestMs) : 0;
    return 1 + this.#random.below(LINK_MS) + extraMs;
  }
}

function linkOf(from: readonly string[], to: readonly string[]): string {
  return `${from[0] ?? ""} ${to[0] ?? ""}`;
}
