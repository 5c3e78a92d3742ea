import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type ServerOptions as TlsServerOptions } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { onTestFinished, vi } from "vitest";
import { DomainError } from "../../server/base/domain-error.ts";
import type { ClusterId, NodeId } from "../../server/base/ids.ts";
import { nodeClock } from "../../server/host/node-clock.ts";
import type { Clock } from "../../server/ports/clock.ts";
import type { Logger } from "../../server/ports/logger.ts";
import type { PeerAddress } from "../../server/ports/network.ts";
import type { PeerHandlers } from "../../server/ports/peer-handlers.ts";
import { MessageType, type Message } from "../../server/proto/raft-message.ts";
import { makeMessage } from "../../server/raft/make-message.ts";
import type { PeerTls } from "../../server/transport/peer-client.ts";
import { PEER_SERVER_OPTIONS, peerHttpHandler } from "../../server/transport/peer-http.ts";
import { PeerNetwork } from "../../server/transport/peer-network.ts";

export const CLUSTER = 0xddf4329fc855aa38n;
export const N1 = 0x9ee4bcfe6709567fn;
export const N2 = 0xc1dda8f7168399ban;
export const N3 = 0x69aa302db9d76d0an;

/** A message with nothing in it but what is given. */
export function message(fields: Partial<Message> & Pick<Message, "type">): Message {
  return makeMessage({ to: N2, from: N1, ...fields });
}

/** A heartbeat that can be told from others by its commit index. */
export function heartbeat(commit: number, to = N2, from = N1): Message {
  return message({ type: MessageType.Heartbeat, term: 2, commit, to, from });
}

/** Logs nowhere. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Handlers that write down what they were told and know everybody. */
export class RecordingHandlers implements PeerHandlers {
  readonly selfId: NodeId;
  readonly clusterId: ClusterId;
  readonly received: Message[] = [];
  readonly unreachable: NodeId[] = [];
  readonly snapshotsSent: { readonly id: NodeId; readonly isDelivered: boolean }[] = [];
  readonly removedIds = new Set<NodeId>();
  readonly unknownIds = new Set<NodeId>();
  wasRemoved = false;
  onSnapshot: PeerHandlers["onSnapshot"] = async (_message, body) => {
    for await (const _ of body);
  };

  constructor(selfId: NodeId, clusterId = CLUSTER) {
    this.selfId = selfId;
    this.clusterId = clusterId;
  }

  onMessage(received: Message): void {
    this.received.push(received);
  }
  onUnreachable(id: NodeId): void {
    this.unreachable.push(id);
  }
  onSnapshotSent(id: NodeId, isDelivered: boolean): void {
    this.snapshotsSent.push({ id, isDelivered });
  }
  onRemoved(): void {
    this.wasRemoved = true;
  }
  isKnown(id: NodeId): boolean {
    return !this.unknownIds.has(id);
  }
  isRemoved(id: NodeId): boolean {
    return this.removedIds.has(id);
  }
  members: PeerHandlers["members"] = () => [];
  version: PeerHandlers["version"] = () => ({ etcdserver: "3.6.16", etcdcluster: "3.6.0", storage: "3.6.0" });
  downgradeEnabled: PeerHandlers["downgradeEnabled"] = () => Promise.resolve(false);
  renewLease: PeerHandlers["renewLease"] = () => Promise.reject(new DomainError("lease-not-found"));
  leaseTimeToLive: PeerHandlers["leaseTimeToLive"] = () => Promise.reject(new DomainError("lease-not-found"));
  promote: PeerHandlers["promote"] = () => Promise.reject(new DomainError("member-not-found"));
  hashKv: PeerHandlers["hashKv"] = () => Promise.reject(new DomainError("future-revision"));
}

type Early = [request: IncomingMessage, response: ServerResponse];

export interface TestMemberOptions {
  readonly peers?: readonly PeerAddress[];
  readonly clock?: Clock;
  readonly makeHandlers?: (id: NodeId) => RecordingHandlers;
  readonly tls?: { readonly server: TlsServerOptions; readonly client: PeerTls };
}

/** A peer port with a network behind it, on real sockets; it ends with the test. */
export class TestMember {
  readonly id: NodeId;
  readonly handlers: RecordingHandlers;
  readonly server: Server;
  readonly sockets = new Set<Socket>();
  readonly url: string;
  network: PeerNetwork;
  readonly bugs: unknown[] = [];

  private constructor(id: NodeId, server: Server, options: TestMemberOptions, early: readonly Early[]) {
    this.id = id;
    this.server = server;
    this.handlers = options.makeHandlers?.(id) ?? new RecordingHandlers(id);
    this.url = urlOf(server, options);
    const clock = options.clock ?? nodeClock;
    this.network = new PeerNetwork({
      handlers: this.handlers,
      selfId: id,
      clusterId: this.handlers.clusterId,
      localPeerUrls: [this.url],
      peers: options.peers ?? [],
      clock,
      logger: silentLogger,
      electionTimeoutMs: 1000,
      tls: options.tls?.client,
    });
    server.on("connection", (socket: Socket) => {
      this.sockets.add(socket);
      socket.on("close", () => this.sockets.delete(socket));
    });
    const onBug = (error: unknown): void => {
      this.bugs.push(error);
    };
    const handler = peerHttpHandler({
      handlers: this.handlers,
      network: this.network,
      clock,
      logger: silentLogger,
      onBug,
    });
    server.removeAllListeners("request").on("request", handler);
    for (const [request, response] of early) handler(request, response);
    onTestFinished(() => this.stop());
  }

  /** The id may depend on the URL, which is known once the port is bound. */
  static async start(
    id: NodeId | ((url: string) => Promise<NodeId>),
    options: TestMemberOptions = {},
    port = 0,
  ): Promise<TestMember> {
    const server = options.tls
      ? createTlsServer({ ...PEER_SERVER_OPTIONS, ...options.tls.server })
      : createServer(PEER_SERVER_OPTIONS);
    // What comes before the id is known waits: etcd would never ask again.
    const early: Early[] = [];
    server.on("request", (...exchange: Early) => early.push(exchange));
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    const known = typeof id === "bigint" ? id : await id(urlOf(server, options));
    return new TestMember(known, server, options, early);
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  get address(): PeerAddress {
    return { id: this.id, peerUrls: [this.url] };
  }

  /** Cuts all connections that came in; resolves when they are closed. */
  async cut(): Promise<void> {
    const closed = [...this.sockets].map((socket) => new Promise((resolve) => socket.once("close", resolve)));
    for (const socket of this.sockets) socket.destroy();
    await Promise.all(closed);
  }

  async stop(): Promise<void> {
    await this.network.close();
    this.server.close();
    await this.cut();
  }
}

function urlOf(server: Server, { tls }: TestMemberOptions): string {
  return `${tls ? "https" : "http"}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Two members that know and hear each other. */
export async function connectedPair(options: TestMemberOptions = {}): Promise<readonly [TestMember, TestMember]> {
  const one = await TestMember.start(N1, options);
  const two = await TestMember.start(N2, { ...options, peers: [one.address] });
  one.network.addPeer(two.address);
  await untilConnected(one, two);
  return [one, two];
}

/** Waits until messages of both kinds go both ways over streams. */
export async function untilConnected(one: TestMember, two: TestMember): Promise<void> {
  await vi.waitFor(
    () => {
      for (const [from, to] of [
        [one, two],
        [two, one],
      ] as const) {
        if (from.network.activeSinceMs(to.id) === undefined) throw new Error("not connected");
        if (from.network.streamsTo(to.id).length !== 2) throw new Error("no streams");
      }
    },
    { timeout: 60_000, interval: 5 },
  );
}
