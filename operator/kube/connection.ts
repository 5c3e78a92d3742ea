import type { Agent } from "node:http";

/** What a TLS connection to the API server is made with. */
export interface TlsMaterial {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

/** What a request needs at this moment: tokens are renewed and certificates rotated while we run. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsMaterial;
  /** Makes the connections instead of ours, where a proxy is in between. */
  readonly agent?: Agent;
}

/** Where the API server is and how one logs in there. */
export interface Connection {
  /** `https://host:port`, with a path where it is behind another server. */
  readonly server: string;
  /** The namespace of the operator itself, or of the kubeconfig's context. */
  readonly namespace: string | undefined;
  credentials(): Promise<Credentials>;
}

/** There is no way to the API server as things are set: a message for the person who set them. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
}
