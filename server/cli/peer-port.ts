import { createServer, type RequestListener } from "node:http";
import type { Config } from "../config/config.ts";
import { isTlsUrl } from "../config/server-url.ts";
import { listenTarget } from "../grpc/listen-target.ts";
import { SharedListener, type ListenerTls } from "../grpc/shared-listener.ts";
import type { Logger } from "../ports/logger.ts";
import { PEER_SERVER_OPTIONS } from "../transport/peer-http.ts";

/** The peer URLs: bound early like the client's, served once the member knows who it is. */
export class PeerPort {
  readonly #config: Config;
  readonly #logger: Logger;
  readonly #listeners: SharedListener[] = [];
  readonly #server = createServer(PEER_SERVER_OPTIONS);
  #early: (() => void)[] | undefined = [];

  constructor(config: Config, logger: Logger) {
    this.#config = config;
    this.#logger = logger;
  }

  /** Binds all of them; rejects with the URL that cannot be had. */
  async listen(tls: ListenerTls | undefined): Promise<void> {
    for (const url of this.#config.listenPeerUrls) {
      const listener = new SharedListener(
        {
          http1: (socket) => {
            if (this.#early) this.#early.push(() => this.#server.emit("connection", socket));
            else this.#server.emit("connection", socket);
          },
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

  /** Serves, the connections that have been waiting first. */
  start(handler: RequestListener): void {
    this.#server.on("request", handler);
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const serve of early) serve();
    this.#logger.info("serving peer traffic", { address: this.#config.listenPeerUrls.map((url) => url.text) });
  }

  stop(): void {
    for (const listener of this.#listeners) {
      listener.stopAccepting();
      listener.destroyConnections();
    }
  }
}
