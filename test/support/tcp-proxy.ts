import { connect, createServer, type Server, type Socket } from "node:net";
import { freePorts } from "./free-ports.ts";

/** One connection through a proxy, seen from the side that opened it. */
export interface ProxiedConnection {
  /** The first bytes that came: they tell what it is for. */
  readonly opening: Buffer;
  /** Bytes forwarded to the server so far. */
  readonly sentBytes: number;
  cut(): void;
}

/** A port before another port, which sees every piece that clients send and can cut the connection. */
export class TcpProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(port: number, server: Server) {
    this.port = port;
    this.#server = server;
  }

  /** `onSent` runs after each piece towards the server. */
  static async start(targetPort: number, onSent: (connection: ProxiedConnection) => void): Promise<TcpProxy> {
    const [port = 0] = await freePorts(1);
    const server = createServer();
    const proxy = new TcpProxy(port, server);
    server.on("connection", (client: Socket) => proxy.#forward(client, targetPort, onSent));
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    return proxy;
  }

  stop(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #forward(client: Socket, targetPort: number, onSent: (connection: ProxiedConnection) => void): void {
    const server = connect(targetPort, "127.0.0.1");
    const both = [client, server];
    const cut = (): void => {
      for (const socket of both) socket.destroy();
    };
    for (const socket of both) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", cut);
      socket.on("close", () => {
        this.#sockets.delete(socket);
        cut();
      });
    }
    const connection: { opening: Buffer; sentBytes: number; cut: () => void } = {
      opening: Buffer.alloc(0),
      sentBytes: 0,
      cut,
    };
    client.on("data", (piece: Buffer) => {
      if (connection.sentBytes === 0) connection.opening = piece;
      connection.sentBytes += piece.length;
      if (!server.write(piece)) {
        client.pause();
        server.once("drain", () => client.resume());
      }
      onSent(connection);
    });
    server.pipe(client);
    client.on("end", () => server.end());
  }
}
