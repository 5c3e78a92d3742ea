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
import { Code, RpcError } from "../rpc/status.ts";
import type { ClientTls, ClientTlsFiles } from "./client-tls.ts";
import { Endpoints, type Keepalive } from "./endpoints.ts";
import { Login, type UserLogin } from "./login.ts";
import { isTokenRefusal } from "./passing-failure.ts";

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
  readonly tls?: ClientTls | ClientTlsFiles;
  /** Logs in with name and password, and again whenever the token is refused. */
  readonly user?: UserLogin;
  /** How dead connections are noticed; if not given every 10 s, with 5 s to answer. */
  readonly keepalive?: Keepalive;
}

/** How long `connect` waits for one endpoint before it tries the next one. */
const CONNECT_TIMEOUT_MS = 1000;
const AUTHENTICATE = "/etcdserverpb.Auth/Authenticate";

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
  readonly #login: Login;

  constructor({ user, ...options }: ClientOptions) {
    this.#endpoints = new Endpoints(options);
    this.#login = new Login(user && (async () => (await this.auth.authenticate(user)).token));
    const connection: Connection = { endpoints: this.#endpoints, login: this.#login };
    this.kv = serviceCalls(connection, KV);
    this.watch = serviceCalls(connection, Watch);
    this.lease = serviceCalls(connection, Lease);
    this.cluster = serviceCalls(connection, Cluster);
    this.maintenance = serviceCalls(connection, Maintenance);
    this.auth = serviceCalls(connection, Auth);
    this.lock = serviceCalls(connection, Lock);
    this.election = serviceCalls(connection, Election);
    this.membership = serviceCalls(connection, Membership);
  }

  /**
   * Waits until an endpoint is connected, leaving those that are not, and logs in. Only streams of a client with a user
   * need it: they begin at once, with the token that there is. Fails with unavailable when every endpoint was tried.
   */
  async connect(): Promise<void> {
    for (let tried = 0; !(await this.#endpoints.isConnected(CONNECT_TIMEOUT_MS)); tried++) {
      this.moveOn();
      if (tried >= this.#endpoints.count) throw new RpcError(Code.UNAVAILABLE, "no endpoint can be reached");
    }
    await this.#login.ready();
  }

  /** Goes on to the next endpoint: for a caller who sees that this one is of no use. */
  moveOn(): void {
    this.#endpoints.leave(this.#endpoints.current);
  }

  /** Makes the next call log in again: for a caller who was told by a stream that the token is refused. */
  forgetLogin(): void {
    this.#login.forget();
  }

  /** Ends the connections; calls under way fail. */
  close(): void {
    this.#endpoints.close();
  }
}

/** What every call goes through. */
interface Connection {
  readonly endpoints: Endpoints;
  readonly login: Login;
}

function serviceCalls<M extends GenServiceMethods>(
  connection: Connection,
  service: GenService<M>,
): Calls<GenService<M>> {
  const calls = service.methods.map((method) => [method.localName, callOf(connection, method)] as const);
  return Object.fromEntries(calls) as Calls<GenService<M>>;
}

function callOf({ endpoints, login }: Connection, method: DescMethod): unknown {
  const codec = codecOf(method);
  switch (method.methodKind) {
    case "unary":
      if (codec.path === AUTHENTICATE) {
        return (request: MessageInitShape<DescMessage>, options: CallOptions = {}) =>
          callUnary(endpoints, codec, request, options);
      }
      return (request: MessageInitShape<DescMessage>, options: CallOptions = {}) =>
        login.call((token) => callUnary(endpoints, codec, request, withToken(options, token)));
    case "server_streaming":
      return (request: MessageInitShape<DescMessage>, options: CallOptions = {}) =>
        tellingLogin(login, callServerStream(endpoints, codec, request, withToken(options, login.metadata)));
    case "client_streaming":
    case "bidi_streaming":
      return (options: CallOptions = {}) =>
        tellingLogin(login, callDuplexStream(endpoints, codec, withToken(options, login.metadata)));
    default:
      return unreachable(method as never);
  }
}

function withToken(options: CallOptions, token: CallOptions["metadata"]): CallOptions {
  return { ...options, metadata: { ...token, ...options.metadata } };
}

/** The stream, whose end makes the next call log in again if it was the token that was refused. */
function tellingLogin<S extends ResponseStream<unknown>>(login: Login, stream: S): S {
  const iterate = async function* (): AsyncGenerator<unknown> {
    try {
      yield* stream;
    } catch (error) {
      if (isTokenRefusal(error)) login.forget();
      throw error;
    }
  };
  return { ...stream, [Symbol.asyncIterator]: iterate };
}
