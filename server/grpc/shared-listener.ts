import { createServer, type Server as NetServer, type Socket } from "node:net";
import { createServer as createTlsServer, type Server as TlsServer, type TlsOptions, type TLSSocket } from "node:tls";

/** How long a client may take to say which protocol it speaks (TLS handshake included). */
const FIRST_BYTES_TIMEOUT_MS = 10_000;

/** The listening side of TLS; `attach` lets it renew its certificates. */
export interface ListenerTls {
  readonly options: TlsOptions;
  attach(server: TlsServer): void;
}

/** Where a connection goes once its first bytes are known. They are put back before the hand-over. */
export interface Protocols {
  readonly http1: (socket: Socket) => void;
  readonly http2: (socket: Socket) => void;
  /** A connection that ended or failed before it was handed over. */
  readonly onRejected: (error: Error, remote: string) => void;
}

/** One port for gRPC and plain HTTP, as etcd has it: the HTTP/2 preface tells them apart. */
export class SharedListener {
  readonly #server: NetServer;
  readonly #sockets = new Set<Socket>();

  constructor(protocols: Protocols, tls: ListenerTls | undefined) {
    const accept = (socket: Socket): void => {
      this.#track(socket);
      socket.setNoDelay(true);
      sniff(socket, protocols);
    };
    if (tls) {
      const server = createTlsServer({ ...tls.options, ALPNProtocols: ["h2", "http/1.1"] });
      tls.attach(server);
      server.on("connection", (socket: Socket) => {
        this.#track(socket);
      });
      server.on("secureConnection", accept);
      server.on("tlsClientError", (error: Error, socket: TLSSocket) => {
        protocols.onRejected(error, remoteOf(socket));
      });
      this.#server = server;
    } else {
      this.#server = createServer({ pauseOnConnect: false, noDelay: true }, accept);
    }
  }

  /** Resolves once the port accepts connections; rejects with the system's error if it cannot be had. */
  async listen(target: { readonly host: string; readonly port: number } | { readonly path: string }): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen({ ...target, backlog: 4096 }, () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
  }

  /** The port that was bound; useful where 0 was asked for. */
  port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  /** Accepts no more; open connections go on. */
  stopAccepting(): void {
    this.#server.close();
  }

  /** Cuts every connection. */
  destroyConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    // Between the first bytes and the hand-over nobody else listens: a client that goes away is no failure of ours.
    socket.on("error", () => undefined);
    socket.once("close", () => {
      this.#sockets.delete(socket);
    });
  }
}

function remoteOf(socket: Socket): string {
  return `${socket.remoteAddress ?? "unknown"}:${String(socket.remotePort ?? 0)}`;
}

/** The HTTP/2 preface begins with `PRI`, which no HTTP/1 method does. */
function sniff(socket: Socket, protocols: Protocols): void {
  const timer = setTimeout(() => socket.destroy(), FIRST_BYTES_TIMEOUT_MS);
  const onError = (error: Error): void => {
    clearTimeout(timer);
    protocols.onRejected(error, remoteOf(socket));
  };
  const onReadable = (): void => {
    const first = socket.read() as Buffer | null;
    if (first === null) return;
    clearTimeout(timer);
    socket.off("readable", onReadable);
    socket.off("error", onError);
    socket.off("close", onClose);
    socket.unshift(first);
    const isHttp2 =
      first[0] === 0x50 && (first.length < 2 || first[1] === 0x52) && (first.length < 3 || first[2] === 0x49);
    if (isHttp2) protocols.http2(socket);
    else protocols.http1(socket);
  };
  const onClose = (): void => {
    clearTimeout(timer);
  };
  socket.once("error", onError);
  socket.on("readable", onReadable);
  socket.once("close", onClose);
}
