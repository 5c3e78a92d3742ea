import { Client as Channel, credentials, type ChannelCredentials } from "@grpc/grpc-js";

/** How the connection to a cluster is encrypted; PEM texts. */
export interface ClientTls {
  readonly ca?: Uint8Array;
  readonly cert?: Uint8Array;
  readonly key?: Uint8Array;
}

/** Answers may be as large as a range is; the server limits requests. */
const CHANNEL_OPTIONS = {
  "grpc.max_receive_message_length": -1,
  "grpc.max_send_message_length": -1,
  "grpc.enable_channelz": 0,
  // The failover is ours: an endpoint that is away must say so at once and be tried again soon.
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 1000,
};

/** The members that a client may talk to, and the one that it talks to now. */
export class Endpoints {
  readonly #channels: readonly Channel[];
  #current = 0;

  /** Endpoints as `host:port` or as URLs; TLS if an endpoint is https or `tls` is given. */
  constructor(endpoints: readonly string[], tls: ClientTls | undefined) {
    if (endpoints.length === 0) throw new TypeError("a client needs at least one endpoint");
    this.#channels = endpoints.map((endpoint) => {
      const isSecure = tls !== undefined || endpoint.startsWith("https://");
      return new Channel(
        targetOf(endpoint),
        isSecure ? secure(tls ?? {}) : credentials.createInsecure(),
        CHANNEL_OPTIONS,
      );
    });
  }

  get count(): number {
    return this.#channels.length;
  }

  get current(): Channel {
    return this.#channels[this.#current] as Channel;
  }

  /** Goes on to the next one, unless another call that failed here has done so already. */
  leave(failed: Channel): void {
    if (failed === this.current) this.#current = (this.#current + 1) % this.#channels.length;
  }

  close(): void {
    for (const channel of this.#channels) channel.close();
  }
}

function targetOf(endpoint: string): string {
  const [, scheme = "", rest = ""] = /^(https?|unixs?):\/\/(.*)$/.exec(endpoint) ?? [];
  if (scheme.startsWith("unix")) return `unix:${rest}`;
  return scheme === "" ? endpoint : rest.replace(/\/$/, "");
}

function secure({ ca, cert, key }: ClientTls): ChannelCredentials {
  return credentials.createSsl(pem(ca), pem(key), pem(cert));
}

function pem(bytes: Uint8Array | undefined): Buffer | null {
  return bytes === undefined ? null : Buffer.from(bytes);
}
