import { createServer, type IncomingMessage, type RequestListener, type Server as HttpServer } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Config } from "../config/config.ts";
import { YoungCollection } from "../host/young-collection.ts";
import { isTlsUrl, type ServerUrl } from "../config/server-url.ts";
import { GrpcJsServer, type GrpcServerOptions } from "../grpc/grpc-js-server.ts";
import { listenTarget } from "../grpc/listen-target.ts";
import { SharedListener, type ListenerTls } from "../grpc/shared-listener.ts";
import type { Logger } from "../ports/logger.ts";
import type { BoundMethod } from "../rpc/service.ts";

/** etcd's grpc overhead on top of --max-request-bytes. */
const GRPC_OVERHEAD_BYTES = 512 * 1024;
/** A client may take this long to send its headers (etcd's ReadHeaderTimeout). */
const HEADERS_TIMEOUT_MS = 5 * 60 * 1000;

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

/**
 * The client URLs. They are bound first, so that a used port ends the start before the disk is touched; connections
 * that come early wait until there is something to serve.
 */
export class ClientPort {
  readonly #config: Config;
  readonly #logger: Logger;
  readonly #listeners: { readonly listener: SharedListener; readonly url: ServerUrl }[] = [];
  #early: (() => void)[] | undefined = [];
  #grpc: GrpcJsServer | undefined;
  #http: HttpServer | undefined;
  #probes: HttpServer | undefined;

  constructor(config: Config, logger: Logger) {
    this.#config = config;
    this.#logger = logger;
  }

  /** Binds all of them; rejects with the URL that cannot be had. */
  async listen(tls: ListenerTls | undefined): Promise<void> {
    const { listenClientUrls, listenClientHttpUrls, listenMetricsUrls } = this.#config;
    const hasOwnHttp = listenClientHttpUrls.length > 0;
    for (const url of listenClientUrls) await this.#bind(url, tls, { grpc: true, http: hasOwnHttp ? "none" : "all" });
    for (const url of listenClientHttpUrls) await this.#bind(url, tls, { grpc: false, http: "all" });
    for (const url of listenMetricsUrls) await this.#bind(url, tls, { grpc: false, http: "probes" });
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
    const { onReceived, onSent } = services;
    this.#grpc = new GrpcJsServer(services.methods, {
      maxReceiveBytes: maxMessageBytes(this.#config),
      maxConcurrentStreams: this.#config.maxConcurrentStreams,
      keepaliveTimeMs: this.#config.grpcKeepaliveIntervalMs,
      keepaliveTimeoutMs: this.#config.grpcKeepaliveTimeoutMs,
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
    for (const { url } of this.#listeners) {
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
    for (const { listener } of this.#listeners) listener.stopAccepting();
    await this.stopGrpc(graceMs);
    for (const { listener } of this.#listeners) listener.destroyConnections();
  }

  #makeHttp({ all, probes, upgrade }: HttpServices): void {
    this.#http = createServer({ headersTimeout: HEADERS_TIMEOUT_MS }, all);
    this.#http.on("upgrade", upgrade);
    this.#probes = createServer({ headersTimeout: HEADERS_TIMEOUT_MS }, probes);
  }

  #serveHttp(socket: Socket, kind: "all" | "probes"): void {
    const server = kind === "all" ? this.#http : this.#probes;
    server?.emit("connection", socket);
  }

  async #bind(
    url: ServerUrl,
    tls: ListenerTls | undefined,
    serves: { readonly grpc: boolean; readonly http: "all" | "probes" | "none" },
  ): Promise<void> {
    const { http } = serves;
    const listener = new SharedListener(
      {
        http1: (socket) => {
          if (http === "none") socket.destroy();
          else this.#whenStarted(() => this.#serveHttp(socket, http));
        },
        http2: (socket: Socket) => {
          if (serves.grpc) this.#whenStarted(() => this.#serveGrpc(socket));
          else socket.destroy();
        },
        onRejected: (error, remote) => {
          this.#logger.warn("rejected connection on client endpoint", { "remote-addr": remote, error: error.message });
        },
      },
      isTlsUrl(url) ? tls : undefined,
    );
    try {
      await listener.listen(listenTarget(url));
    } catch (error) {
      throw new Error(`cannot listen on ${url.text} for clients: ${(error as Error).message}`, { cause: error });
    }
    this.#listeners.push({ listener, url });
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
