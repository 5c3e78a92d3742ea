import { createServer, type IncomingMessage, type RequestListener, type Server as HttpServer } from "node:http";
import { createServer as createHttp2Server, type Http2Server } from "node:http2";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { must } from "../base/assert.ts";
import type { Config } from "../config/config.ts";
import { YoungCollection } from "../host/young-collection.ts";
import { isTlsUrl, type ServerUrl } from "../config/server-url.ts";
import { GrpcJsServer, type GrpcServerOptions } from "../grpc/grpc-js-server.ts";
import { plainRequestListener } from "../grpc/plain-requests.ts";
import { listenTarget } from "../grpc/listen-target.ts";
import { SharedListener, type ListenerTls } from "../grpc/shared-listener.ts";
import type { Logger } from "../ports/logger.ts";
import type { BoundMethod } from "../rpc/service.ts";

/** etcd's grpc overhead on top of --max-request-bytes. */
const GRPC_OVERHEAD_BYTES = 512 * 1024;
/** A client may take this long to send its headers (etcd's ReadHeaderTimeout). */
const HEADERS_TIMEOUT_MS = 5 * 60 * 1000;

/** grpc-go's, where --grpc-keepalive-min-time is 0. */
const DEFAULT_MIN_PING_MS = 5 * 60 * 1000;

/** The largest message that a client may send, and where watch responses are split. */
export function maxMessageBytes(config: Config): number {
  return config.maxRequestBytes + GRPC_OVERHEAD_BYTES;
}

/** Plain HTTP on the client URLs. */
export interface HttpServices {
  readonly all: RequestListener;
  /** What the URLs for metrics answer. */
  readonly probes: RequestListener;
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

/** What is served on the client URLs. */
export interface ClientServices extends GrpcServices {
  readonly http: HttpServices;
}

/** The part of it that is gRPC. */
export interface GrpcServices {
  readonly methods: readonly BoundMethod[];
  readonly onBug: GrpcServerOptions["onBug"];
  readonly onCallStart?: GrpcServerOptions["onCallStart"];
  readonly onCallEnd?: GrpcServerOptions["onCallEnd"];
  readonly onReceived?: GrpcServerOptions["onReceived"];
  readonly onSent?: GrpcServerOptions["onSent"];
}

/** What a URL is for. */
interface Served {
  readonly grpc: boolean;
  readonly http: "all" | "probes" | "none";
}

/** Both versions of HTTP over one handler. */
interface HttpServers {
  readonly handler: RequestListener;
  readonly http1: HttpServer;
  readonly http2: Http2Server;
}

function httpServers(handler: RequestListener): HttpServers {
  const http1 = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      // Whoever offers HTTP/2 instead is answered in HTTP/1.1, as Go does.
      shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === "websocket",
    },
    handler,
  );
  return { handler, http1, http2: createHttp2Server(plainRequestListener(handler)) };
}

/**
 * The client URLs. They are bound first, so that a used port ends the start before the disk is touched; connections
 * that come early wait until there is something to serve.
 */
export class ClientPort {
  readonly #config: Config;
  readonly #logger: Logger;
  readonly #listeners: SharedListener[] = [];
  readonly #urls: ServerUrl[] = [];
  #early: (() => void)[] | undefined = [];
  #grpc: GrpcJsServer | undefined;
  #http: HttpServers | undefined;
  #probes: HttpServers | undefined;

  constructor(config: Config, logger: Logger) {
    this.#config = config;
    this.#logger = logger;
  }

  /** Binds all of them; rejects with the URL that cannot be had. */
  async listen(tls: ListenerTls | undefined): Promise<void> {
    const { listenClientUrls, listenClientHttpUrls, listenMetricsUrls } = this.#config;
    const hasOwnHttp = listenClientHttpUrls.length > 0;
    await this.#bindAll(listenClientUrls, tls, { grpc: true, http: hasOwnHttp ? "none" : "all" });
    await this.#bindAll(listenClientHttpUrls, tls, { grpc: false, http: "all" });
    await this.#bindAll(listenMetricsUrls, tls, { grpc: false, http: "probes" });
  }

  /**
   * Plain HTTP alone, from now on and whatever becomes of gRPC: who probes a member that waits gets an answer, and a
   * gRPC client is hung up on, so that it tries another endpoint.
   */
  startHttp(http: HttpServices): void {
    this.#makeHttp(http);
    this.#serveEarly();
  }

  /** Serves both, the connections that have been waiting first. */
  start(services: ClientServices): void {
    this.#makeHttp(services.http);
    this.startGrpc(services);
  }

  /** Serves gRPC where HTTP has been started before. */
  startGrpc(services: GrpcServices): void {
    const garbage = new YoungCollection();
    const plain = this.#config.listenClientHttpUrls.length > 0 ? undefined : this.#http?.handler;
    const { onReceived, onSent } = services;
    this.#grpc = new GrpcJsServer(services.methods, {
      maxReceiveBytes: maxMessageBytes(this.#config),
      maxConcurrentStreams: this.#config.maxConcurrentStreams,
      keepaliveTimeMs: this.#config.grpcKeepaliveIntervalMs,
      keepaliveTimeoutMs: this.#config.grpcKeepaliveTimeoutMs,
      // 0 leaves it to the library in etcd: five minutes.
      minPingIntervalMs: this.#config.grpcKeepaliveMinTimeMs || DEFAULT_MIN_PING_MS,
      ...(plain && { onPlainRequest: plain }),
      onBug: services.onBug,
      ...(onReceived && { onReceived }),
      onSent: (method, bytes) => {
        onSent?.(method, bytes);
        garbage.passed(bytes);
      },
      ...(services.onCallStart && { onCallStart: services.onCallStart }),
      ...(services.onCallEnd && { onCallEnd: services.onCallEnd }),
    });
    this.#serveEarly();
    for (const url of this.#urls) {
      this.#logger.info("ready to serve client requests", { address: url.text });
      const kind = isTlsUrl(url)
        ? "serving client traffic securely"
        : "serving client traffic insecurely; this is strongly discouraged!";
      this.#logger.info(kind, { traffic: "grpc+http", address: url.text });
    }
  }

  /** Ends gRPC, with a while for running calls; HTTP goes on. */
  async stopGrpc(graceMs: number): Promise<void> {
    const grpc = this.#grpc;
    this.#grpc = undefined;
    await grpc?.stop(graceMs);
  }

  /** Lets running calls end for a while, then cuts every connection. */
  async stop(graceMs: number): Promise<void> {
    for (const listener of this.#listeners) listener.stopAccepting();
    await this.stopGrpc(graceMs);
    for (const listener of this.#listeners) listener.destroyConnections();
  }

  #makeHttp({ all, probes, upgrade }: HttpServices): void {
    this.#http = httpServers(all);
    this.#http.http1.on("upgrade", upgrade);
    this.#probes = httpServers(probes);
  }

  #serveHttp(socket: Socket, kind: "all" | "probes", version: "http1" | "http2"): void {
    const servers = kind === "all" ? this.#http : this.#probes;
    servers?.[version].emit("connection", socket);
  }

  /** URLs with one address are one listener, which tells by the first byte whether there is TLS. */
  async #bindAll(urls: readonly ServerUrl[], tls: ListenerTls | undefined, serves: Served): Promise<void> {
    const byTarget = Map.groupBy(urls, (url) =>
      "host" in url && url.port !== 0 ? `${url.host}:${url.port}` : url.text,
    );
    for (const same of byTarget.values()) await this.#bind(same, tls, serves);
  }

  async #bind(urls: readonly ServerUrl[], tls: ListenerTls | undefined, { grpc, http }: Served): Promise<void> {
    const url = must(urls[0], "there is a URL to bind");
    const listener = new SharedListener(
      {
        http1: (socket) => {
          if (http === "none") socket.destroy();
          else this.#whenStarted(() => this.#serveHttp(socket, http, "http1"));
        },
        http2: (socket: Socket) => {
          if (grpc) this.#whenStarted(() => this.#serveGrpc(socket));
          else if (http === "none") socket.destroy();
          else this.#whenStarted(() => this.#serveHttp(socket, http, "http2"));
        },
        onRejected: (error, remote) => {
          this.#logger.warn("rejected connection on client endpoint", { "remote-addr": remote, error: error.message });
        },
      },
      urls.some(isTlsUrl) ? tls : undefined,
      { alsoPlain: !urls.every(isTlsUrl) },
    );
    try {
      await listener.listen(listenTarget(url));
    } catch (error) {
      throw new Error(`cannot listen on ${url.text} for clients: ${(error as Error).message}`, { cause: error });
    }
    this.#listeners.push(listener);
    this.#urls.push(...urls);
  }

  #serveGrpc(socket: Socket): void {
    if (this.#grpc) this.#grpc.serve(socket);
    else socket.destroy();
  }

  #serveEarly(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const serve of early) serve();
  }

  #whenStarted(serve: () => void): void {
    if (this.#early) this.#early.push(serve);
    else serve();
  }
}
