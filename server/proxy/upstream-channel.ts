import { isIP } from "node:net";
import { checkServerIdentity } from "node:tls";
import {
  Client as GrpcClient,
  connectivityState,
  credentials,
  type ChannelCredentials,
  type ChannelOptions,
} from "@grpc/grpc-js";

/** How connections to the cluster are encrypted; PEM texts. */
export interface UpstreamTls {
  readonly ca?: Uint8Array | undefined;
  readonly cert?: Uint8Array | undefined;
  readonly key?: Uint8Array | undefined;
  /** Takes every certificate: --insecure-skip-tls-verify. */
  readonly isUnverified?: boolean;
}

/** What connections to the cluster are made with. */
export interface ChannelSettings {
  readonly tls: UpstreamTls | undefined;
  readonly maxSendBytes?: number;
  readonly maxReceiveBytes?: number;
  /** 0 or absent: no keep-alive pings. */
  readonly keepaliveTimeMs?: number;
  readonly keepaliveTimeoutMs?: number;
  readonly pingsWithoutCalls?: boolean;
}

/** Node takes no address as the name that a client asks a TLS server for (RFC 6066); this one stands for "none". */
const NO_SERVER_NAME = "address.invalid";

/** The connection to one endpoint of the cluster. */
export class UpstreamChannel {
  readonly endpoint: string;
  readonly grpc: GrpcClient;

  /** An endpoint is `host:port` or a URL. What its scheme says of encryption counts; without one, the settings do. */
  constructor(endpoint: string, settings: ChannelSettings) {
    this.endpoint = endpoint;
    const target = targetOf(endpoint);
    const options = channelOptions(settings);
    if (!isEncrypted(endpoint, settings.tls)) {
      this.grpc = new GrpcClient(target, credentials.createInsecure(), options);
      return;
    }
    const name = hostOf(target);
    const askedFor = isIP(name) === 0 ? name : NO_SERVER_NAME;
    this.grpc = new GrpcClient(target, secure(settings.tls ?? {}, name), {
      ...options,
      "grpc.ssl_target_name_override": askedFor,
    });
  }

  /** Whether a call would leave at once; one that is not connected begins to connect. */
  get isReady(): boolean {
    return this.#state() === connectivityState.READY;
  }

  /** Whether it is known that nobody answers now. */
  get isRefused(): boolean {
    return this.#state() === connectivityState.TRANSIENT_FAILURE;
  }

  close(): void {
    this.grpc.close();
  }

  #state(): connectivityState {
    return this.grpc.getChannel().getConnectivityState(true);
  }
}

/** Whether the connection to an endpoint is encrypted, as etcd's client decides it. */
export function isEncrypted(endpoint: string, tls: UpstreamTls | undefined): boolean {
  const [, scheme] = /^([a-z]+):/.exec(endpoint) ?? [];
  if (scheme === "https" || scheme === "unixs") return true;
  return scheme !== "http" && scheme !== "unix" && tls !== undefined;
}

function channelOptions(settings: ChannelSettings): ChannelOptions {
  const { maxSendBytes = -1, maxReceiveBytes = -1, keepaliveTimeMs = 0, keepaliveTimeoutMs = 0 } = settings;
  return {
    "grpc.max_receive_message_length": maxReceiveBytes,
    "grpc.max_send_message_length": maxSendBytes,
    "grpc.enable_channelz": 0,
    // A connection that was lost is wanted back soon: whoever calls meanwhile is told that nobody answers.
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 1000,
    "grpc-node.max_session_memory": Number.MAX_SAFE_INTEGER,
    ...(keepaliveTimeMs > 0 && { "grpc.keepalive_time_ms": keepaliveTimeMs }),
    ...(keepaliveTimeoutMs > 0 && { "grpc.keepalive_timeout_ms": keepaliveTimeoutMs }),
    ...(settings.pingsWithoutCalls && { "grpc.keepalive_permit_without_calls": 1 }),
  };
}

function targetOf(endpoint: string): string {
  const [, scheme = "", rest = ""] = /^(https?|unixs?):\/\/(.*)$/.exec(endpoint) ?? [];
  if (scheme.startsWith("unix")) return `unix:${rest}`;
  return scheme === "" ? endpoint : rest.replace(/\/.*$/, "");
}

/** The host of `host:port`, of `[address]:port`, or all of it. */
function hostOf(target: string): string {
  const [, bracketed, plain] = /^(?:\[([^\]]+)\]|([^:]+))(?::\d+)?$/.exec(target) ?? [];
  return bracketed ?? plain ?? target;
}

/** `name` is what the certificate is checked for, an address too; grpc-js would check the name that it asks for. */
function secure({ ca, cert, key, isUnverified = false }: UpstreamTls, name: string): ChannelCredentials {
  return credentials.createSsl(pem(ca), pem(key), pem(cert), {
    rejectUnauthorized: !isUnverified,
    checkServerIdentity: (_askedFor: string, certificate: Parameters<typeof checkServerIdentity>[1]) =>
      isUnverified ? undefined : checkServerIdentity(name, certificate),
  });
}

function pem(bytes: Uint8Array | undefined): Buffer | null {
  return bytes === undefined ? null : Buffer.from(bytes);
}
