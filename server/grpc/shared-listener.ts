import { createServer, type Server as NetServer, type Socket } from "node:net";
import { createServer as createTlsServer, TLSSocket, type Server as TlsServer, type TlsOptions } from "node:tls";
import type { ListenTarget } from "./listen-target.ts";

/** How long a client may take to say which protocol it speaks (TLS handshake included). */
const FIRST_BYTES_TIMEOUT_MS = 10_000;

/** The first byte of a TLS connection. */
const TLS_HANDSHAKE = 0x16;

/** Of a caller that ended a fresh TLS connection; members that refuse a certificate's names do, having no alert to send. */
const HUNG_UP =
  "hung up in or right after the TLS handshake without a word, which means as much as " +
  '"remote error: tls: bad certificate" if the caller is a member: it does not accept this server\'s certificate';

/** The listening side of TLS; `attach` lets it renew its certificates. */
export interface ListenerTls {
  readonly options: TlsOptions;
  attach(server: TlsServer): void;
  /** Why whoever has shown its certificate is refused after all; undefined: welcome. */
  readonly refusalOf: (socket: TLSSocket) => Promise<string | undefined>;
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

  /** With TLS `alsoPlain` takes connections without it, too: the first byte tells them apart. */
  constructor(
    protocols: Protocols,
    tls: ListenerTls | undefined,
    { alsoPlain = false }: { readonly alsoPlain?: boolean } = {},
  ) {
    const accept = (socket: Socket): void => {
      this.#track(socket);
      socket.setNoDelay(true);
      void this.#serve(socket, protocols, tls);
    };
    if (tls) {
      const server = createTlsServer({ ...tls.options, ALPNProtocols: ["h2", "http/1.1"] });
      tls.attach(server);
      server.on("connection", (socket: Socket) => {
        this.#track(socket);
      });
      server.on("secureConnection", accept);
      server.on("tlsClientError", (error: Error, socket: TLSSocket) => {
        protocols.onRejected(handshakeFailure(error, socket), remoteOf(socket));
      });
      this.#server = alsoPlain ? this.#dividing(server, accept) : server;
    } else {
      this.#server = createServer({ pauseOnConnect: false, noDelay: true }, accept);
    }
  }

  /** Resolves once the port accepts connections; rejects with the system's error if it cannot be had. */
  async listen(target: ListenTarget): Promise<void> {
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

  /**
   * Hands a connection on once it has spoken. Only then is its certificate judged: a caller that refuses ours hangs up
   * before it says anything, and that is what the log should tell.
   */
  async #serve(socket: Socket, protocols: Protocols, tls: ListenerTls | undefined): Promise<void> {
    let protocol: "http1" | "http2" | undefined;
    try {
      protocol = await sniff(socket);
      const refusal = protocol && socket instanceof TLSSocket ? await tls?.refusalOf(socket) : undefined;
      if (refusal !== undefined) throw new Error(refusal);
    } catch (error) {
      // Who closes the port hangs up on everybody; that is nobody's failure.
      if (this.#server.listening) protocols.onRejected(inWords(error as Error), remoteOf(socket));
      socket.destroy();
      return;
    }
    if (protocol !== undefined && !socket.destroyed) protocols[protocol](socket);
  }

  /** A server that hands on to the one with TLS who begins a handshake. */
  #dividing(tlsServer: TlsServer, accept: (socket: Socket) => void): NetServer {
    return createServer({ noDelay: true }, (socket) => {
      this.#track(socket);
      firstBytes(socket).then(
        (first) => {
          if (first?.[0] === TLS_HANDSHAKE) tlsServer.emit("connection", socket);
          else if (first) accept(socket);
        },
        () => socket.destroy(),
      );
    });
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

/**
 * Why there was no handshake. A caller that begins one and leaves is told from a probe of the port, which says nothing at
 * all. A TLSSocket that is gone has forgotten its counters, the socket beneath it has not.
 */
function handshakeFailure(error: Error, socket: TLSSocket): Error {
  // A string, whatever its type says.
  const unverified = socket.authorizationError as unknown as string | null | undefined;
  if (unverified) return new Error(`tls: failed to verify certificate: ${unverified}`, { cause: error });
  // oxlint-disable-next-line no-underscore-dangle -- Node has no other name for it
  const beneath = (socket as { readonly _parent?: Socket })._parent;
  const isHungUp = (error as NodeJS.ErrnoException).code === "ECONNRESET" && (beneath?.bytesRead ?? 0) > 0;
  return isHungUp ? new Error(HUNG_UP, { cause: error }) : inWords(error);
}

/** OpenSSL's alerts as etcd says them: an alert is the other side's word on us. */
function inWords(error: Error): Error {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  const alert = /^ERR_SSL_(?:TLSV1|TLSV13|SSLV3|SSL\/TLS|TLS)_ALERT_(.+)$/.exec(code)?.[1];
  if (alert === undefined) return error;
  const words = alert === "UNKNOWN_CA" ? "unknown certificate authority" : alert.toLowerCase().replaceAll("_", " ");
  return new Error(`remote error: tls: ${words}`, { cause: error });
}

/**
 * The protocol that a connection's first bytes belong to; undefined: it ended or said nothing for too long. The HTTP/2
 * preface begins with `PRI`, which no HTTP/1 method does. Rejects if the connection fails, or if TLS was agreed on and then
 * not used.
 */
async function sniff(socket: Socket): Promise<"http1" | "http2" | undefined> {
  const first = await firstBytes(socket);
  if (first === undefined) return undefined;
  return isHttp2(first) ? "http2" : "http1";
}

/** What a connection says first, which is put back. */
function firstBytes(socket: Socket): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      resolve(undefined);
      socket.destroy();
    }, FIRST_BYTES_TIMEOUT_MS);
    const onReadable = (): void => {
      const first = socket.read() as Buffer | null;
      if (first === null) return;
      clearTimeout(timer);
      socket.off("readable", onReadable);
      socket.off("error", onError);
      socket.off("close", onClose);
      socket.unshift(first);
      resolve(first);
    };
    const onError = (error: Error): void => {
      clearTimeout(timer);
      reject(error);
    };
    const onClose = (): void => {
      clearTimeout(timer);
      if (socket instanceof TLSSocket) reject(new Error(HUNG_UP));
      else resolve(undefined);
    };
    socket.once("error", onError);
    socket.on("readable", onReadable);
    socket.once("close", onClose);
  });
}

function isHttp2(first: Buffer): boolean {
  return first[0] === 0x50 && (first.length < 2 || first[1] === 0x52) && (first.length < 3 || first[2] === 0x49);
}
