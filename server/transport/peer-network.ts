import type { ServerResponse } from "node:http";
import { hexId, type ClusterId, type NodeId } from "../base/ids.ts";
import type { Clock, Timer } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { Network, PeerAddress, PeerCalls, SnapshotBody } from "../ports/network.ts";
import type { PeerHandlers } from "../ports/peer-handlers.ts";
import { MessageType, type Message } from "../proto/raft-message.ts";
import { isLocalMessage, isLocalTarget } from "../raft/local-target.ts";
import { EncodedEntries } from "./message-codec.ts";
import type { NetworkIdentity } from "./network-identity.ts";
import { networkMetrics, type NetworkMetrics } from "./network-metrics.ts";
import { PeerClient, type PeerTls } from "./peer-client.ts";
import { peerCalls } from "./peer-calls.ts";
import { Peer } from "./peer.ts";
import type { StreamKind } from "./stream-writer.ts";

/** etcd allows a connection a second, and the time of an election. */
const DIAL_MS = 1000;
/** A third of the silence after which a stream counts as dead; deadlines are looked at twice as often. */
const LINK_HEARTBEAT_MS = 5000 / 3;
/** Senders that are not members, as far as this member knows: a laggard's newer peers. */
export const MAX_REMOTES = 32;

export interface PeerNetworkOptions {
  readonly handlers: PeerHandlers;
  readonly selfId: NodeId;
  readonly clusterId: ClusterId;
  readonly localPeerUrls: readonly string[];
  readonly peers: readonly PeerAddress[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly electionTimeoutMs: number;
  readonly tls?: PeerTls | undefined;
  /** The address to call peers from; undefined: the system chooses. */
  readonly localAddress?: string | undefined;
  readonly metrics?: Metrics | undefined;
}

/**
 * etcd's peer protocol (peer-protocol §2). Each member opens two streams to every other to hear it; what it has to say
 * goes into the streams that the others have opened (`attach`), or by POST while there are none. Members are told apart
 * by their ids: two of them may have the same URL.
 */
export class PeerNetwork implements Network {
  readonly calls: PeerCalls;
  readonly metrics: NetworkMetrics;
  readonly #options: PeerNetworkOptions;
  readonly #identity: NetworkIdentity;
  readonly #client: PeerClient;
  readonly #peers = new Map<NodeId, Peer>();
  readonly #unreachable = new Set<NodeId>();
  readonly #ticker: Timer;
  #ticks = 0;
  #isClosed = false;

  constructor(options: PeerNetworkOptions) {
    const { clock, logger, tls, localAddress, selfId, clusterId, localPeerUrls } = options;
    this.#options = options;
    this.#identity = { selfId, clusterId, localPeerUrls };
    this.#client = new PeerClient({ tls, localAddress, clock, dialTimeoutMs: DIAL_MS + options.electionTimeoutMs });
    this.calls = peerCalls({ client: this.#client, clock, clusterId });
    this.metrics = networkMetrics(options.metrics);
    for (const peer of options.peers) this.addPeer(peer);
    this.#ticker = clock.every(LINK_HEARTBEAT_MS / 2, () => {
      this.#tick();
    });
    logger.info("started peer network", { "local-member-id": hexId(selfId), "cluster-id": hexId(clusterId) });
  }

  send(messages: readonly Message[]): void {
    const shared = new EncodedEntries();
    const touched = new Set<Peer>();
    for (const message of messages) {
      const peer = this.#peers.get(message.to);
      if (!peer) continue;
      peer.queue(message, shared);
      touched.add(peer);
    }
    for (const peer of touched) peer.flush();
  }

  sendSnapshot(message: Message, body: SnapshotBody): void {
    const peer = this.#peers.get(message.to);
    if (peer) peer.sendSnapshot(message, body);
    else void this.#abandon(message, body);
  }

  addPeer(peer: PeerAddress): void {
    if (this.#isClosed || peer.id === this.#identity.selfId) return;
    const known = this.#peers.get(peer.id);
    if (known) {
      known.update(peer.peerUrls);
      if (!known.isStarted) known.start();
      return;
    }
    const added = this.#makePeer(peer);
    this.#peers.set(peer.id, added);
    added.start();
    this.#options.logger.info("added remote peer", {
      "remote-peer-id": hexId(peer.id),
      "remote-peer-urls": peer.peerUrls,
    });
  }

  updatePeer(peer: PeerAddress): void {
    this.#peers.get(peer.id)?.update(peer.peerUrls);
  }

  removePeer(id: NodeId): void {
    const peer = this.#peers.get(id);
    if (!peer) return;
    this.#peers.delete(id);
    void peer.close();
    this.#options.logger.info("removed remote peer", { "removed-remote-peer-id": hexId(id) });
  }

  activeSinceMs(id: NodeId): number | undefined {
    return this.#peers.get(id)?.activeSinceMs;
  }

  /** The streams that the peer has opened here: messages for it go there, others by POST. */
  streamsTo(id: NodeId): readonly StreamKind[] {
    return this.#peers.get(id)?.attachedStreams ?? [];
  }

  /** Bytes held for the peer because it has not taken them yet. */
  pendingBytesTo(id: NodeId): number {
    return this.#peers.get(id)?.pendingBytes ?? 0;
  }

  /** Someone who is not known as a member sent something: answers can reach it over the pipeline. */
  addRemote(id: NodeId, peerUrls: readonly string[]): void {
    const { handlers, logger } = this.#options;
    if (this.#isClosed || id === this.#identity.selfId || this.#peers.has(id) || handlers.isRemoved(id)) return;
    const usable = peerUrls.filter((url) => URL.canParse(url));
    const remotes = [...this.#peers.values()].filter((peer) => !peer.isStarted);
    if (usable.length === 0 || remotes.length >= MAX_REMOTES) return;
    this.#peers.set(id, this.#makePeer({ id, peerUrls: usable }));
    logger.info("added new remote peer", { "remote-peer-id": hexId(id), "remote-peer-urls": usable });
  }

  /** Gives a member's request for a stream its messages; false: it is not known here. */
  attach(id: NodeId, kind: StreamKind, response: ServerResponse): boolean {
    const peer = this.#peers.get(id);
    if (!peer?.isStarted || !this.#options.handlers.isKnown(id)) return false;
    peer.attach(kind, response);
    return true;
  }

  /** Gives raft a message from the network, unless it must not have it; then it says why. */
  deliver(message: Message): string | undefined {
    const refusal = this.refusal(message);
    if (refusal === undefined) this.#options.handlers.onMessage(message);
    else {
      this.metrics.receiveFailed(message.from);
      this.#options.logger.debug("refused raft message", { from: hexId(message.from), reason: refusal });
    }
    return refusal;
  }

  /** Why a message is not for raft; undefined: it is. A snapshot's message comes with its database only. */
  refusal({ type, from, to }: Message, hasDatabase = false): string | undefined {
    if (isLocalMessage(type) || isLocalTarget(from)) return "local message";
    if (to !== this.#identity.selfId) return "message to another member";
    if (this.#options.handlers.isRemoved(from)) return "message from removed member";
    if ((type === MessageType.Snap) !== hasDatabase) return "snapshot without its database";
    return undefined;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#ticker.cancel();
    const closed = [...this.#peers.values()].map((peer) => peer.close());
    this.#peers.clear();
    await Promise.all(closed);
    this.#client.close();
  }

  #makePeer(address: PeerAddress): Peer {
    const { handlers, clock, logger } = this.#options;
    return new Peer({
      address,
      clock,
      logger,
      identity: this.#identity,
      client: this.#client,
      metrics: this.metrics,
      onMessage: (message) => {
        this.deliver(message);
      },
      onUnreachable: () => {
        this.#reportUnreachable(address.id);
      },
      onRemoved: () => {
        if (!this.#isClosed) handlers.onRemoved();
      },
      onSnapshotSent: (isDelivered) => {
        handlers.onSnapshotSent(address.id, isDelivered);
      },
    });
  }

  /** In a turn of its own: raft may just be handing out the messages that could not be sent. */
  #reportUnreachable(id: NodeId): void {
    if (this.#unreachable.has(id)) return;
    this.#unreachable.add(id);
    this.#options.clock.nextTurn(() => {
      this.#unreachable.delete(id);
      if (!this.#isClosed) this.#options.handlers.onUnreachable(id);
    });
  }

  async #abandon({ to }: Message, body: SnapshotBody): Promise<void> {
    try {
      await body.release();
    } catch (error) {
      this.#options.logger.warn("failed to release database snapshot", { error: (error as Error).message });
    }
    this.#options.handlers.onSnapshotSent(to, false);
  }

  #tick(): void {
    this.#ticks++;
    for (const peer of this.#peers.values()) {
      peer.checkDeadlines();
      if (this.#ticks % 2 === 0) peer.heartbeat();
    }
  }
}
