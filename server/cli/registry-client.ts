import { readFileSync } from "node:fs";
import { Client } from "../client/client.ts";
import type { CallOptions } from "../client/calls.ts";
import type { ClientTls } from "../client/client-tls.ts";
import type { RegistryDiscovery, RegistryTls } from "../config/discovery.ts";
import type { Registry } from "./join-registry.ts";
import type { RegisteredMember } from "./discovery-registry.ts";

/** The registry behind --discovery-endpoints. */
export class RegistryClient implements Registry {
  readonly #client: Client;
  readonly #options: RegistryDiscovery;

  constructor(options: RegistryDiscovery) {
    const { endpoints, tls, keepaliveTimeMs: timeMs, keepaliveTimeoutMs: timeoutMs, user } = options;
    const used = tlsFor(endpoints, tls);
    this.#options = options;
    this.#client = new Client({
      endpoints,
      keepalive: { timeMs, timeoutMs },
      ...(used && { tls: used }),
      ...(user && { user }),
    });
  }

  async value(key: string): Promise<string | undefined> {
    const { kvs } = await this.#client.kv.range({ key: bytes(key) }, this.#call);
    return kvs[0] && text(kvs[0].value);
  }

  async membersUnder(prefix: string): Promise<{ members: readonly RegisteredMember[]; revision: bigint }> {
    const { header, kvs } = await this.#client.kv.range(rangeOf(prefix), this.#call);
    const members = kvs.map(({ key, value, createRevision }) => ({
      key: text(key).trim(),
      peers: text(value).trim(),
      createRevision,
    }));
    return { members, revision: header?.revision ?? 0n };
  }

  async write(key: string, value: string): Promise<void> {
    await this.#client.kv.put({ key: bytes(key), value: bytes(value) }, this.#call);
  }

  async changed(prefix: string, fromRevision: bigint): Promise<void> {
    await this.#client.connect();
    const stream = this.#client.watch.watch();
    try {
      const request = { case: "createRequest" as const, value: { ...rangeOf(prefix), startRevision: fromRevision } };
      await stream.send({ requestUnion: request });
      for await (const { events, canceled } of stream) if (events.length > 0 || canceled) return;
    } finally {
      stream.cancel();
    }
  }

  close(): void {
    this.#client.close();
  }

  get #call(): CallOptions {
    return { timeoutMs: this.#options.requestTimeoutMs };
  }
}

/** As etcd's client decides by the first endpoint: https is always TLS, http never, without a scheme if TLS is set up. */
function tlsFor([first = ""]: readonly string[], tls: RegistryTls | undefined): ClientTls | undefined {
  if (first.startsWith("http://") || first.startsWith("unix://")) return undefined;
  if (tls === undefined) return undefined;
  const { certFile, keyFile, trustedCaFile, isVerified } = tls;
  return {
    isVerified,
    ...(certFile !== undefined && { cert: readFileSync(certFile) }),
    ...(keyFile !== undefined && { key: readFileSync(keyFile) }),
    ...(trustedCaFile !== undefined && { ca: readFileSync(trustedCaFile) }),
  };
}

function rangeOf(prefix: string): { readonly key: Uint8Array; readonly rangeEnd: Uint8Array } {
  const key = bytes(prefix);
  const rangeEnd = key.slice();
  // A prefix of ours ends with a letter, after which there is another byte.
  rangeEnd[rangeEnd.length - 1] = (rangeEnd.at(-1) ?? 0) + 1;
  return { key, rangeEnd };
}

function bytes(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function text(value: Uint8Array): string {
  return new TextDecoder().decode(value);
}
