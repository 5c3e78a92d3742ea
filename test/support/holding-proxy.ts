import { connect, createServer, type Server, type Socket } from "node:net";
import { freePorts } from "./free-ports.ts";

/** How often connections that lead nowhere are let go. */
const SWEEP_MS = 300;

/**
 * A port before another port that behaves as the peer proxy of etcd's robustness suite: while nobody listens behind it, it takes
 * connections and holds them without a word, until a sweep closes what it holds (there: Go's garbage collector). The suite's
 * proxy notes each such failure in a queue of 16 that nobody reads, and then takes no connection any more, for ever;
 * this one only counts.
 */
export class HoldingProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #held = new Set<Socket>();
  readonly #sweeper: NodeJS.Timeout;
  #failures = 0;

  private constructor(port: number, server: Server) {
    this.port = port;
    this.#server = server;
    this.#sweeper = setInterval(() => {
      for (const client of this.#held) client.destroy();
    }, SWEEP_MS);
    this.#sweeper.unref();
  }

  static async start(targetPort: number): Promise<HoldingProxy> {
    const [port = 0] = await freePorts(1);
    const server = createServer({ noDelay: true });
    const proxy = new HoldingProxy(port, server);
    server.on("connection", (client: Socket) => {
      proxy.#forward(client, targetPort);
    });
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    return proxy;
  }

  /** Connections that found nobody since the last call. */
  takeFailures(): number {
    const failures = this.#failures;
    this.#failures = 0;
    return failures;
  }

  stop(): void {
    clearInterval(this.#sweeper);
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #forward(client: Socket, targetPort: number): void {
    const server = connect({ port: targetPort, host: "127.0.0.1", noDelay: true });
    let isConnected = false;
    server.once("connect", () => {
      isConnected = true;
      client.pipe(server);
      server.pipe(client);
    });
    this.#track(client, () => {
      this.#held.delete(client);
      server.destroy();
    });
    this.#track(server, () => {
      if (isConnected || client.destroyed) client.destroy();
      else {
        this.#failures++;
        this.#held.add(client);
      }
    });
  }

  #track(socket: Socket, onClose: () => void): void {
    this.#sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => {
      this.#sockets.delete(socket);
      onClose();
    });
  }
}
