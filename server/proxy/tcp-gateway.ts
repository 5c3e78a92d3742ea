import { connect, createServer, type Server, type Socket } from "node:net";
import { messageOf } from "../base/message-of.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { Random } from "../base/prng.ts";
import { RemotePicker, type Remote } from "./remote-picker.ts";

/** Used where the delay is 0 (etcd's tcpproxy). */
const DEFAULT_RETRY_DELAY_MS = 5 * 60 * 1000;

/** Where connections go, and what the gateway runs with. */
export interface TcpGatewayOptions {
  readonly remotes: readonly Remote[];
  /** How long a remote that refused a connection is left alone. */
  readonly retryDelayMs: number;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
}

/** Passes connections on to members as they are, each to one that takes it. */
export class TcpGateway {
  readonly #options: TcpGatewayOptions;
  readonly #picker: RemotePicker<Remote>;
  readonly #retryDelayMs: number;
  readonly #server: Server;

  constructor(options: TcpGatewayOptions) {
    this.#options = options;
    this.#retryDelayMs = options.retryDelayMs === 0 ? DEFAULT_RETRY_DELAY_MS : options.retryDelayMs;
    this.#picker = new RemotePicker(options.remotes, options.random);
    // What one side has ended is open for the other one until it has ended too.
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (client) => {
      void this.#serve(client);
    });
  }

  /** Resolves with the port once connections are taken; rejects with the system's error. */
  async listen(target: { readonly host: string; readonly port: number }): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(target, () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
    const { logger, clock, remotes } = this.#options;
    logger.info("ready to proxy client requests", { endpoints: remotes.map(addressOf) });
    clock.every(this.#retryDelayMs, () => {
      for (const remote of this.#picker.inactive) void this.#tryAgain(remote);
    });
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : target.port;
  }

  close(): void {
    this.#server.close();
  }

  async #serve(client: Socket): Promise<void> {
    client.on("error", () => client.destroy());
    const member = await this.#connect();
    if (!member) {
      client.destroy();
      return;
    }
    join(client, member);
  }

  /** Undefined: there is nobody who takes a connection. */
  async #connect(): Promise<Socket | undefined> {
    for (let remote = this.#picker.pick(); remote !== undefined; remote = this.#picker.pick()) {
      try {
        return await dial(remote);
      } catch (error) {
        this.#picker.deactivate(remote);
        this.#options.logger.warn("deactivated endpoint", this.#fields(remote, error));
      }
    }
    return undefined;
  }

  async #tryAgain(remote: Remote): Promise<void> {
    const { logger } = this.#options;
    try {
      (await dial(remote)).destroy();
      this.#picker.activate(remote);
      logger.info("activated", { address: addressOf(remote) });
    } catch (error) {
      logger.warn("failed to activate endpoint (stay inactive for another interval)", this.#fields(remote, error));
    }
  }

  #fields(remote: Remote, error: unknown): Readonly<Record<string, unknown>> {
    const reason = messageOf(error);
    return { address: addressOf(remote), interval: `${String(this.#retryDelayMs / 1000)}s`, error: reason };
  }
}

/** `host:port`, as a remote is named in the log. */
export function addressOf({ host, port }: Remote): string {
  return `${host.includes(":") ? `[${host}]` : host}:${String(port)}`;
}

function dial({ host, port }: Remote): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, allowHalfOpen: true, noDelay: true });
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(socket);
    });
  });
}

/** Until one of them breaks or both have ended. */
function join(client: Socket, member: Socket): void {
  for (const [from, to] of [
    [client, member],
    [member, client],
  ] as const) {
    from.pipe(to);
    from.on("error", () => to.destroy());
    from.on("close", () => to.destroy());
  }
}
