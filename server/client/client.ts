import type { DescMessage, DescMethod, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { GenService, GenServiceMethods } from "@bufbuild/protobuf/codegenv2";
import { unreachable } from "../base/assert.ts";
import { Membership } from "../proto/gen/kvorum_membership_pb.js";
import { Auth, Cluster, KV, Lease, Maintenance, Watch } from "../proto/gen/rpc_pb.js";
import { Election } from "../proto/gen/v3election_pb.js";
import { Lock } from "../proto/gen/v3lock_pb.js";
import {
  callDuplexStream,
  callServerStream,
  callUnary,
  codecOf,
  type CallOptions,
  type DuplexStream,
  type ResponseStream,
} from "./calls.ts";
import { Endpoints, type ClientTls } from "./endpoints.ts";

/** What a call fails with: whoever imports the client knows its failures, too. */
export { Code, RpcError } from "../rpc/status.ts";

/** One method of a service, as a caller sees it. */
type Call<M> = M extends {
  methodKind: infer K;
  input: infer I extends DescMessage;
  output: infer O extends DescMessage;
}
  ? K extends "unary"
    ? (request: MessageInitShape<I>, options?: CallOptions) => Promise<MessageShape<O>>
    : K extends "server_streaming"
      ? (request: MessageInitShape<I>, options?: CallOptions) => ResponseStream<MessageShape<O>>
      : (options?: CallOptions) => DuplexStream<MessageInitShape<I>, MessageShape<O>>
  : never;

/** The methods of a generated service, under their names in camel case. */
export type Calls<S> = S extends GenService<infer M> ? { readonly [K in keyof M]: Call<M[K]> } : never;

export interface ClientOptions {
  /** Asked in this order: the first that is there is kept until it fails. */
  readonly endpoints: readonly string[];
  readonly tls?: ClientTls;
}

/**
 * A client of an etcd-compatible cluster. Failures are RpcErrors with the server's code and text. A read goes on at
 * the next endpoint when one is away; a change only if it was never sent, so that it cannot happen twice.
 */
export class Client {
  readonly kv: Calls<typeof KV>;
  readonly watch: Calls<typeof Watch>;
  readonly lease: Calls<typeof Lease>;
  readonly cluster: Calls<typeof Cluster>;
  readonly maintenance: Calls<typeof Maintenance>;
  readonly auth: Calls<typeof Auth>;
  readonly lock: Calls<typeof Lock>;
  readonly election: Calls<typeof Election>;
  /** What only Kvorum has. */
  readonly membership: Calls<typeof Membership>;
  readonly #endpoints: Endpoints;

  constructor({ endpoints, tls }: ClientOptions) {
    this.#endpoints = new Endpoints(endpoints, tls);
    this.kv = callsOf(this.#endpoints, KV);
    this.watch = callsOf(this.#endpoints, Watch);
    this.lease = callsOf(this.#endpoints, Lease);
    this.cluster = callsOf(this.#endpoints, Cluster);
    this.maintenance = callsOf(this.#endpoints, Maintenance);
    this.auth = callsOf(this.#endpoints, Auth);
    this.lock = callsOf(this.#endpoints, Lock);
    this.election = callsOf(this.#endpoints, Election);
    this.membership = callsOf(this.#endpoints, Membership);
  }

  /** Ends the connections; calls under way fail. */
  close(): void {
    this.#endpoints.close();
  }
}

function callsOf<M extends GenServiceMethods>(endpoints: Endpoints, service: GenService<M>): Calls<GenService<M>> {
  const calls = service.methods.map((method) => [method.localName, callOf(endpoints, method)] as const);
  return Object.fromEntries(calls) as Calls<GenService<M>>;
}

function callOf(endpoints: Endpoints, method: DescMethod): unknown {
  const codec = codecOf(method);
  switch (method.methodKind) {
    case "unary":
      return (request: MessageInitShape<DescMessage>, options: CallOptions = {}) =>
        callUnary(endpoints, codec, request, options);
    case "server_streaming":
      return (request: MessageInitShape<DescMessage>, options: CallOptions = {}) =>
        callServerStream(endpoints, codec, request, options);
    case "client_streaming":
    case "bidi_streaming":
      return (options: CallOptions = {}) => callDuplexStream(endpoints, codec, options);
    default:
      return unreachable(method as never);
  }
}
