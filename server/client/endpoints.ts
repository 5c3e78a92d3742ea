import { isIP } from "node:net";
import { Client as Channel, connectivityState, credentials } from "@grpc/grpc-js";
import { channelCredentials, type ClientTls, type ClientTlsFiles } from "./client-tls.ts";

export type { ClientTls } from "./client-tls.ts";

/** Pings by which a connection that has died is noticed while calls are under way on it; etcd takes one every five seconds. */
export interface Keepalive {
  readonly timeMs: number;
  /** How long the answer may take. */
  readonly timeoutMs: number;
}

const DEFAULT_KEEPALIVE: Keepalive = { timeMs: 10_000, timeoutMs: 5000 };

export interface EndpointsOptions {
  /** Endpoints as `host:port` or as URLs; TLS if an endpoint is https or `tls` is given. */
  readonly endpoints: readonly string[];
  readonly tls?: ClientTls | ClientTlsFiles | undefined;
  readonly keepalive?: Keepalive | undefined;
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

  constructor({ endpoints, tls, keepalive = DEFAULT_KEEPALIVE }: EndpointsOptions) {
    if (endpoints.length === 0) throw new TypeError("a client needs at least one endpoint");
    const common = {
      ...CHANNEL_OPTIONS,
      "grpc.keepalive_time_ms": keepalive.timeMs,
      "grpc.keepalive_timeout_ms": keepalive.timeoutMs,
    };
    this.#channels = endpoints.map((endpoint) => {
      const isSecure = tls !== undefined || endpoint.startsWith("https://");
      const target = targetOf(endpoint);
      if (!isSecure) return new Channel(target, credentials.createInsecure(), common);
      const name = tls?.serverName ?? hostOf(target);
      const askedFor = isIP(name) === 0 ? name : NO_SERVER_NAME;
      const options = { ...common, "grpc.ssl_target_name_override": askedFor };
      return new Channel(target, channelCredentials(tls ?? {}, name), options);
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

  /** Whether the current one is connected now; waits as long as it takes to know, but not longer than this. */
  async isConnected(timeoutMs: number): Promise<boolean> {
    const channel = this.current;
    await Endpoints.hasAnswered(channel, timeoutMs);
    return channel.getChannel().getConnectivityState(true) === connectivityState.READY;
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
