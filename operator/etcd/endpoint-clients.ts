import { Client, type ClientOptions } from "../../server/client/client.ts";

/** Connections that are kept for endpoints that are asked again and again: as many as a few hundred members need. */
const CLIENTS_MAX = 512;

/**
 * Clients by endpoints. Whoever looks at the same members every few seconds must not connect anew each time, and members
 * come and go with other addresses: those not used for longest are closed when there are too many.
 */
export class EndpointClients {
  readonly #tls: ClientOptions["tls"];
  /** In the order of their last use. */
  readonly #clients = new Map<string, Client>();

  constructor(tls?: ClientOptions["tls"]) {
    this.#tls = tls;
  }

  /** The client that asks these endpoints in this order; it is closed by this class alone. */
  of(...endpoints: readonly string[]): Client {
    const key = endpoints.join(",");
    const client = this.#clients.get(key) ?? new Client({ endpoints, ...(this.#tls && { tls: this.#tls }) });
    this.#clients.delete(key);
    this.#clients.set(key, client);
    const [oldest] = this.#clients.keys();
    if (this.#clients.size > CLIENTS_MAX && oldest !== undefined) this.#close(oldest);
    return client;
  }

  /** Closes all that go to one of these endpoints: their pod is gone. */
  forget(...endpoints: readonly string[]): void {
    const gone = new Set(endpoints);
    for (const key of this.#clients.keys()) if (key.split(",").some((endpoint) => gone.has(endpoint))) this.#close(key);
  }

  close(): void {
    for (const key of this.#clients.keys()) this.#close(key);
  }

  #close(key: string): void {
    this.#clients.get(key)?.close();
    this.#clients.delete(key);
  }
}
