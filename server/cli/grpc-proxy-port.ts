import { createServer, type RequestListener } from "node:http";
import type { Socket } from "node:net";
import { messageOf } from "../base/message-of.ts";
import { parseServerUrl, isTlsUrl, splitHostPort } from "../config/server-url.ts";
import type { GrpcJsServer } from "../grpc/grpc-js-server.ts";
import { listenTarget } from "../grpc/listen-target.ts";
import { SharedListener, type ListenerTls } from "../grpc/shared-listener.ts";
import type { Logger } from "../ports/logger.ts";
import { ProxyRefusal } from "./proxy-main.ts";

/** What a port serves once there is something to serve. */
export interface ProxyPortServices {
  /** Undefined: plain HTTP alone. */
  readonly grpc: GrpcJsServer | undefined;
  readonly http: RequestListener;
}

/** A port that is bound; connections wait until `serve`. */
export interface ProxyPort {
  serve(services: ProxyPortServices): void;
  /** Accepts no more and cuts all connections. */
  close(): void;
}

/** Binds `host:port` for clients. */
export function bindClients(address: string, tls: ListenerTls | undefined, logger: Logger): Promise<ProxyPort> {
  const target = splitHostPort(address);
  if (!target) throw new ProxyRefusal(`listen tcp: address ${address}: missing port in address`);
  return bind(listenTarget(target), address, tls, logger);
}

/** Binds a URL for health and metrics alone. */
export function bindMetrics(text: string, tls: ListenerTls | undefined, logger: Logger): Promise<ProxyPort> {
  const url = parseServerUrl(text);
  if (!url.ok) throw new ProxyRefusal(`cannot parse ${JSON.stringify(text)}: ${url.reason}`);
  const isSecure = isTlsUrl(url.value);
  if (isSecure && !tls) {
    throw new ProxyRefusal(`cannot listen on TLS for ${text}: KeyFile and CertFile are not presented`);
  }
  return bind(listenTarget(url.value), text, isSecure ? tls : undefined, logger);
}

async function bind(
  target: ReturnType<typeof listenTarget>,
  name: string,
  tls: ListenerTls | undefined,
  logger: Logger,
): Promise<ProxyPort> {
  const started = Promise.withResolvers<(socket: Socket, protocol: "http1" | "http2") => void>();
  const hand = (socket: Socket, protocol: "http1" | "http2"): void => {
    void started.promise.then((serve) => serve(socket, protocol));
  };
  const listener = new SharedListener(
    {
      http1: (socket) => hand(socket, "http1"),
      http2: (socket) => hand(socket, "http2"),
      onRejected: (error, remote) => {
        logger.warn("rejected connection on client endpoint", { "remote-addr": remote, error: error.message });
      },
    },
    tls,
  );
  try {
    await listener.listen(target);
  } catch (error) {
    throw new ProxyRefusal(`listen tcp ${name}: ${messageOf(error)}`);
  }
  return {
    serve({ grpc, http }) {
      const server = createServer(http);
      started.resolve((socket, protocol) => {
        if (protocol === "http1") server.emit("connection", socket);
        else if (grpc) grpc.serve(socket);
        else socket.destroy();
      });
    },
    close() {
      listener.stopAccepting();
      listener.destroyConnections();
    },
  };
}
