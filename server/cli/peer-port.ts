import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { Config } from "../config/config.ts";
import { isTlsUrl } from "../config/server-url.ts";
import { listenTarget } from "../grpc/listen-target.ts";
import { SharedListener, type ListenerTls } from "../grpc/shared-listener.ts";
import type { Logger } from "../ports/logger.ts";
import { sendError } from "../transport/http-exchange.ts";
import { PEER_SERVER_OPTIONS } from "../transport/peer-http.ts";

/** A question of members of a new cluster to each other before they are anybody: who has been born? */
const MEMBERS_PATH = "/members";

/**
 * The peer URLs: bound early like the client's, served once the member knows who it is. Until then requests wait, but for
 * the one that would wait for us while we wait for the asker: it is told at once that nobody is here yet.
 */
export class PeerPort {
  readonly #config: Pick<Config, "listenPeerUrls">;
  readonly #logger: Logger;
  readonly #listeners: SharedListener[] = [];
  readonly #server = createServer(PEER_SERVER_OPTIONS);
  readonly #early: [request: IncomingMessage, response: ServerResponse][] = [];

  constructor(config: Pick<Config, "listenPeerUrls">, logger: Logger) {
    this.#config = config;
    this.#logger = logger;
    this.#server.on("request", this.#onEarly);
  }

  /** Binds all of them; rejects with the URL that cannot be had. */
  async listen(tls: ListenerTls | undefined): Promise<void> {
    for (const url of this.#config.listenPeerUrls) {
      const listener = new SharedListener(
        {
          http1: (socket) => this.#server.emit("connection", socket),
          // Peers speak HTTP/1.1 only.
          http2: (socket) => socket.destroy(),
          onRejected: (error, remote) => {
            this.#logger.warn("rejected connection on peer endpoint", { "remote-addr": remote, error: error.message });
          },
        },
        isTlsUrl(url) ? tls : undefined,
      );
      try {
        await listener.listen(listenTarget(url));
      } catch (error) {
        throw new Error(`cannot listen on ${url.text} for peers: ${(error as Error).message}`, { cause: error });
      }
      this.#listeners.push(listener);
    }
  }

  /** Serves, the requests that have been waiting first. */
  start(handler: RequestListener): void {
    this.#server.off("request", this.#onEarly).on("request", handler);
    for (const [request, response] of this.#early.splice(0)) handler(request, response);
    this.#logger.info("serving peer traffic", { address: this.#config.listenPeerUrls.map((url) => url.text) });
  }

  readonly #onEarly: RequestListener = (request, response) => {
    if (request.url === MEMBERS_PATH)
      sendError({ request, response, path: MEMBERS_PATH }, 503, "the member has not started yet");
    else this.#early.push([request, response]);
  };

  stop(): void {
    for (const listener of this.#listeners) {
      listener.stopAccepting();
      listener.destroyConnections();
    }
  }
}
