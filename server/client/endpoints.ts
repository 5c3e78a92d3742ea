import { isIP } from "node:net";
import { checkServerIdentity } from "node:tls";
import { Client as Channel, connectivityState, credentials, type ChannelCredentials } from "@grpc/grpc-js";

/** How the connection to a cluster is encrypted; PEM texts. */
export interface ClientTls {
  readonly ca?: Uint8Array;
  readonly cert?: Uint8Array;
  readonly key?: Uint8Array;
  /** The name that certificates must have instead of the endpoint's host: for one who knows a member by its address. */
  readonly serverName?: string;
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

/** Node takes no address as the name that a client asks a TLS server for (RFC 6066); this one stands for "none". */
const NO_SERVER_NAME = "address.invalid";

/** The members that a client may talk to, and the one that it talks to now. */
export class Endpoints {
  readonly #channels: readonly Channel[];
  #current = 0;

  /** Endpoints as `host:port` or as URLs; TLS if an endpoint is https or `tls` is given. */
  constructor(endpoints: readonly string[], tls: ClientTls | undefined) {
    if (endpoints.length === 0) throw new TypeError("a client needs at least one endpoint");
    this.#channels = endpoints.map((endpoint) => {
      const isSecure = tls !== undefined || endpoint.startsWith("https://");
      const target = targetOf(endpoint);
      if (!isSecure) return new Channel(target, credentials.createInsecure(), CHANNEL_OPTIONS);
      const name = tls?.serverName ?? hostOf(target);
      const askedFor = isIP(name) === 0 ? name : NO_SERVER_NAME;
      const options = { ...CHANNEL_OPTIONS, "grpc.ssl_target_name_override": askedFor };
      return new Channel(target, secure(tls ?? {}, name), options);
    });
  }

  get count(): number {
    return this.#channels.length;
  }

  get current(): Channel {
    return this.#channels[this.#current] as Channel;
  }

  /**
   * Waits until a connection is there or is refused; resolves with false if neither happens in time. An address where
   * nobody answers would otherwise use up the time of the whole call.
   */
  static async hasAnswered(channel: Channel, timeoutMs: number): Promise<boolean> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const state = channel.getChannel().getConnectivityState(true);
      if (state !== connectivityState.IDLE && state !== connectivityState.CONNECTING) return true;
      const hasChanged = await new Promise<boolean>((resolve) => {
        channel.getChannel().watchConnectivityState(state, deadline, (error) => resolve(error === undefined));
      });
      if (!hasChanged) return false;
    }
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

/** The host of `host:port`, of `[address]:port`, or all of it. */
function hostOf(target: string): string {
  const [, bracketed, plain] = /^(?:\[([^\]]+)\]|([^:]+))(?::\d+)?$/.exec(target) ?? [];
  return bracketed ?? plain ?? target;
}

/** `name` is what the certificate is checked for, an address too; grpc-js would check the name that it asks for. */
function secure({ ca, cert, key }: ClientTls, name: string): ChannelCredentials {
  const verification = {
    checkServerIdentity: (_askedFor: string, certificate: Parameters<typeof checkServerIdentity>[1]) =>
      checkServerIdentity(name, certificate),
  };
  return credentials.createSsl(pem(ca), pem(key), pem(cert), verification);
}

function pem(bytes: Uint8Array | undefined): Buffer | null {
  return bytes === undefined ? null : Buffer.from(bytes);
}
