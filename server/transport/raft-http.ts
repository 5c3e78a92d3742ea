import { hexId, type NodeId } from "../base/ids.ts";
import { ETCD_VERSION } from "../base/versions.ts";
import { decodeMessage } from "../proto/raft-codec.ts";
import type { Message } from "../proto/raft-message.ts";
import { WireError } from "../proto/wire-error.ts";
import { isMethod, readBody, sendBody, sendError, type Exchange } from "./http-exchange.ts";
import { headerOf, incompatibility, parseHexId } from "./network-identity.ts";
import type { PeerPortOptions } from "./peer-port-options.ts";
import { SnapshotReceiver } from "./snapshot-receiver.ts";

/** The longest message that is taken by POST; raft's own are about 1 MiB. */
const MAX_POST_BYTES = 64 * 1024 * 1024;

/** The endpoints below /raft: pipeline, streams, snapshots, probing; checked in etcd's order (peer-protocol §1). */
export class RaftHttp {
  readonly #options: PeerPortOptions;
  readonly #snapshots: SnapshotReceiver;

  constructor(options: PeerPortOptions) {
    this.#options = options;
    this.#snapshots = new SnapshotReceiver(options);
  }

  /** False: there is no such endpoint. */
  async serve(exchange: Exchange): Promise<boolean> {
    const { path } = exchange;
    if (path === "/raft") await this.#post(exchange);
    else if (path === "/raft/snapshot") await this.#snapshot(exchange);
    else if (path === "/raft/probing") this.#probe(exchange);
    else if (path.startsWith("/raft/stream/")) this.#stream(exchange);
    else return false;
    return true;
  }

  async #post(exchange: Exchange): Promise<void> {
    if (!isMethod(exchange, "POST") || !this.#isCompatible(exchange)) return;
    this.#rememberSender(exchange);
    const body = await readBody(exchange, MAX_POST_BYTES).catch(() => undefined);
    if (!body) return sendError(exchange, 400, "error reading raft message");
    const message = decode(body);
    if (!message) return sendError(exchange, 400, "error unmarshalling raft message");
    const { network } = this.#options;
    network.metrics.receivedBytes(message.from, body.length);
    if (network.deliver(message) !== undefined) {
      exchange.response.setHeader("Connection", "close");
      return sendError(exchange, 500, "error processing raft message");
    }
    exchange.response.writeHead(204).end();
  }

  async #snapshot(exchange: Exchange): Promise<void> {
    if (!isMethod(exchange, "POST") || !this.#isCompatible(exchange)) return;
    this.#rememberSender(exchange);
    await this.#snapshots.receive(exchange);
  }

  #stream(exchange: Exchange): void {
    if (!isMethod(exchange, "GET")) return;
    const { handlers, network } = this.#options;
    const { request, response, path } = exchange;
    // Without it the peer takes us for etcd 2.0 and hangs up.
    response.setHeader("X-Server-Version", ETCD_VERSION);
    if (!this.#isCompatible(exchange)) return;
    const [, kind, fromText = ""] = /^\/raft\/stream\/(msgapp|message)\/([^/]*)$/.exec(path) ?? [];
    if (kind !== "msgapp" && kind !== "message") return sendError(exchange, 404, "invalid path");
    const from = parseHexId(fromText);
    if (from === undefined) return sendError(exchange, 404, "invalid from");
    if (handlers.isRemoved(from)) return this.#refuse(exchange, from, 410, "removed member");
    if (!handlers.isKnown(from)) {
      this.#rememberSender(exchange, from);
      return this.#refuse(exchange, from, 404, "error sender not found");
    }
    if (headerOf(request.headers, "x-raft-to") !== hexId(handlers.selfId))
      return this.#refuse(exchange, from, 412, "to field mismatch");
    if (!network.attach(from, kind, response)) this.#refuse(exchange, from, 404, "error sender not found");
  }

  #refuse(exchange: Exchange, from: NodeId, status: number, reason: string): void {
    this.#options.logger.debug("rejected stream from remote peer", { "remote-peer-id-from": hexId(from), reason });
    sendError(exchange, status, reason);
  }

  /** Etcd's prober reads the time, whatever the content type says. */
  #probe(exchange: Exchange): void {
    const now = new Date(this.#options.clock.unixMs()).toISOString();
    sendBody(exchange, "text/plain; charset=utf-8", `{"OK":true,"Now":"${now}"}\n`);
  }

  #isCompatible(exchange: Exchange): boolean {
    const { clusterId } = this.#options.handlers;
    exchange.response.setHeader("X-Etcd-Cluster-Id", hexId(clusterId));
    const reason = incompatibility(exchange.request.headers, clusterId);
    if (reason === undefined) return true;
    this.#options.logger.warn("rejected request of remote peer", {
      "remote-peer-server-name": headerOf(exchange.request.headers, "x-server-from"),
      "remote-peer-cluster-id": headerOf(exchange.request.headers, "x-etcd-cluster-id"),
      reason,
    });
    sendError(exchange, 412, reason);
    return false;
  }

  /** A member that this one does not know yet says where it can be answered. */
  #rememberSender({ request: { headers } }: Exchange, id = parseHexId(headerOf(headers, "x-server-from") ?? "")): void {
    const urls = headerOf(headers, "x-peerurls");
    const { network, handlers } = this.#options;
    if (id !== undefined && id !== 0n && urls !== undefined && urls !== "" && !handlers.isKnown(id))
      network.addRemote(id, urls.split(","));
  }
}

function decode(body: Uint8Array): Message | undefined {
  try {
    return decodeMessage(body);
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}
