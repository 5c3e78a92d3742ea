import { Client } from "../../../server/client/client.ts";

/** One connection a pod address, kept while its pod is of use. */
export class EtcdClients {
  readonly #byAddress = new Map<string, Client>();

  /** The client of the member at that address. */
  of(address: string): Client {
    let client = this.#byAddress.get(address);
    if (!client) {
      client = new Client({ endpoints: [`http://${address}:2379`] });
      this.#byAddress.set(address, client);
    }
    return client;
  }

  /** Ends connections to addresses that nobody has any more. */
  keepOnly(addresses: readonly string[]): void {
    for (const [address, client] of this.#byAddress) {
      if (addresses.includes(address)) continue;
      client.close();
      this.#byAddress.delete(address);
    }
  }

  close(): void {
    this.keepOnly([]);
  }
}
