import type { EventEmitter } from "node:events";
import type { RequestListener } from "node:http";
import type { Http2Server } from "node:http2";
import type { Duplex } from "node:stream";
import {
  Metadata,
  Server,
  ServerCredentials,
  type MethodDefinition,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type UntypedHandleCall,
  type sendUnaryData,
} from "@grpc/grpc-js";
import type { BoundMethod, CallContext, StreamCall, StreamHandler, UnaryHandler } from "../rpc/service.ts";
import { Code, type Status } from "../rpc/status.ts";
import { statusOf } from "../rpc/fault-status.ts";
import { letGoOfCall } from "./call-garbage.ts";
import { guardStreams } from "./guarded-streams.ts";
import { http2ServerOf } from "./http2-server-of.ts";
import { guardPings } from "./ping-guard.ts";
import { RequestQueue } from "./request-queue.ts";

/** How a transport is set up and whom it tells about what. */
export interface GrpcServerOptions {
  /** Bytes of the largest request message. */
  readonly maxReceiveBytes: number;
  readonly maxConcurrentStreams: number;
  readonly keepaliveTimeMs: number;
  readonly keepaliveTimeoutMs: number;
  /** How far apart a client's pings have to be; undefined: any distance is fine. */
  readonly minPingIntervalMs?: number;
  /** Answers HTTP/2 requests that are no calls; without it they are refused as such. */
  readonly onPlainRequest?: RequestListener;
  /** An error that is no outcome: a bug. The process is expected to end. */
  readonly onBug: (error: unknown) => void;
  /** `clientVersion` is what the client says of itself, if it does. */
  readonly onCallStart?: (method: BoundMethod, clientVersion: string | undefined) => void;
  readonly onCallEnd?: (method: BoundMethod, code: Code, durationMs: number) => void;
  /** A request of so many bytes has come. */
  readonly onReceived?: (method: BoundMethod, bytes: number) => void;
  /** A response of so many bytes is on its way: what it was made of is garbage soon. */
  readonly onSent?: (method: BoundMethod, bytes: number) => void;
}

/** What etcd's clients say of themselves in the metadata of every call. */
const CLIENT_VERSION = "client-api-version";

type StreamingCall = ServerWritableStream<unknown, unknown> | ServerDuplexStream<unknown, unknown>;

/** The first transport: bound methods over @grpc/grpc-js, on sockets that a listener hands over. */
export class GrpcJsServer {
  readonly #server: Server;
  readonly #options: GrpcServerOptions;
  readonly #inject: (connection: Duplex) => void;

  constructor(methods: readonly BoundMethod[], options: GrpcServerOptions) {
    this.#options = options;
    this.#server = new Server({
      "grpc.max_receive_message_length": options.maxReceiveBytes,
      "grpc.max_send_message_length": -1,
      "grpc.max_concurrent_streams": options.maxConcurrentStreams,
      "grpc.keepalive_time_ms": options.keepaliveTimeMs,
      "grpc.keepalive_timeout_ms": options.keepaliveTimeoutMs,
      "grpc.enable_channelz": 0,
      // nghttp2 counts what it holds per session and refuses streams above this many MiB; a watch of a large store needs room.
      "grpc-node.max_session_memory": Number.MAX_SAFE_INTEGER,
    });
    for (const [service, group] of Map.groupBy(methods, (method) => method.service)) {
      this.#addService(service, group);
    }
    const injector = this.#server.createConnectionInjector(ServerCredentials.createInsecure());
    const http2Server = http2ServerOf(this.#server);
    guardStreams(http2Server, {
      paths: new Set(methods.map(({ path }) => path)),
      onPlainRequest: options.onPlainRequest,
    });
    guardConnections(http2Server, options);
    this.#inject = (connection) => {
      injector.injectConnection(connection);
    };
  }

  /** Serves HTTP/2 on a connection whose first bytes have not been consumed. */
  serve(connection: Duplex): void {
    this.#inject(connection);
  }

  /** Lets running calls end for at most `graceMs`, then cuts them. */
  async stop(graceMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.#server.forceShutdown();
        resolve();
      }, graceMs);
      this.#server.tryShutdown(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #addService(service: string, methods: readonly BoundMethod[]): void {
    const definitions: Record<string, MethodDefinition<unknown, unknown>> = {};
    const handlers: Record<string, UntypedHandleCall> = {};
    for (const method of methods) {
      definitions[method.name] = {
        path: method.path,
        requestStream: method.kind === "bidi_streaming",
        responseStream: method.kind !== "unary",
        requestSerialize: () => Buffer.alloc(0),
        requestDeserialize: (bytes) => {
          this.#options.onReceived?.(method, bytes.length);
          return method.decode(bytes);
        },
        // Streams encode in `send`.
        responseSerialize:
          method.kind === "unary"
            ? (message) => this.#sent(method, asBuffer(method.encode(message)))
            : (bytes) => this.#sent(method, bytes as Buffer),
        responseDeserialize: (bytes) => bytes,
      };
      handlers[method.name] = (
        method.kind === "unary" ? this.#unary(method, method.handle) : this.#streaming(method, method.handle)
      ) as UntypedHandleCall;
    }
    this.#server.addService(definitions, handlers);
    void service;
  }

  #sent(method: BoundMethod, response: Buffer): Buffer {
    this.#options.onSent?.(method, response.length);
    return response;
  }

  #unary(method: BoundMethod, handle: UnaryHandler<unknown, unknown>) {
    return (call: ServerUnaryCall<unknown, unknown>, reply: sendUnaryData<unknown>): void => {
      const startMs = performance.now();
      const context = new GrpcJsUnaryCall(call);
      this.#options.onCallStart?.(method, context.metadata(CLIENT_VERSION));
      const fail = (error: unknown): void => {
        const status = this.#statusOf(error);
        this.#options.onCallEnd?.(method, status.code, performance.now() - startMs);
        reply({ code: status.code, details: status.message, metadata: new Metadata() });
        context.release();
      };
      const succeed = (response: unknown): void => {
        this.#options.onCallEnd?.(method, Code.OK, performance.now() - startMs);
        reply(null, response);
        context.release();
      };
      try {
        const response = handle(call.request, context);
        if (response instanceof Promise) response.then(succeed, fail);
        else succeed(response);
      } catch (error) {
        fail(error);
      }
    };
  }

  #streaming(method: BoundMethod, handle: StreamHandler<unknown, unknown>) {
    return (call: StreamingCall): void => {
      const startMs = performance.now();
      const context = new GrpcJsStream(call, method);
      this.#options.onCallStart?.(method, context.metadata(CLIENT_VERSION));
      handle(context).then(
        () => {
          const code = call.cancelled ? Code.CANCELED : Code.OK;
          this.#options.onCallEnd?.(method, code, performance.now() - startMs);
          call.end();
        },
        (error: unknown) => {
          const status = this.#statusOf(error);
          this.#options.onCallEnd?.(method, status.code, performance.now() - startMs);
          call.emit("error", { code: status.code, details: status.message });
        },
      );
    };
  }

  #statusOf(error: unknown): Status {
    const status = statusOf(error);
    if (status) return status;
    this.#options.onBug(error);
    return { code: Code.INTERNAL, message: "internal error" };
  }
}

function guardConnections(server: Http2Server, { minPingIntervalMs }: GrpcServerOptions): void {
  if (minPingIntervalMs === undefined) return;
  server.on("session", (session) => {
    guardPings(session, minPingIntervalMs);
  });
}

type AnyCall = ServerUnaryCall<unknown, unknown> | StreamingCall;

/** grpc-js wants Buffers; a view costs nothing. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

class GrpcJsCall implements CallContext {
  readonly #call: AnyCall;
  constructor(call: AnyCall) {
    this.#call = call;
  }

  get isCancelled(): boolean {
    return this.#call.cancelled;
  }

  metadata(key: string): string | undefined {
    const value = this.#call.metadata.get(key)[0];
    return value === undefined ? undefined : value.toString();
  }

  peerCommonName(): string | undefined {
    const certificate = this.#call.getAuthContext().sslPeerCertificate;
    if (!certificate) return undefined;
    // Of several names the last one counts, as in Go.
    const name: string | readonly string[] | undefined = certificate.subject.CN;
    return (typeof name === "string" ? name : name?.at(-1)) ?? "";
  }

  onCancelled(run: () => void): void {
    if (this.#call.cancelled) run();
    else (this.#call as EventEmitter).once("cancelled", run);
  }
}

class GrpcJsUnaryCall extends GrpcJsCall {
  readonly #unary: ServerUnaryCall<unknown, unknown>;
  #isOver = false;

  constructor(call: ServerUnaryCall<unknown, unknown>) {
    super(call);
    this.#unary = call;
  }

  override peerCommonName(): string | undefined {
    return this.#isOver ? undefined : super.peerCommonName();
  }

  /** The call has been answered: nothing is known any more of who called, and with what. */
  release(): void {
    this.#isOver = true;
    letGoOfCall(this.#unary);
  }
}

class GrpcJsStream extends GrpcJsCall implements StreamCall<unknown, unknown> {
  readonly requests: AsyncIterable<unknown>;
  readonly #stream: StreamingCall;
  readonly #encode: BoundMethod["encode"];

  constructor(stream: StreamingCall, { encode }: BoundMethod) {
    super(stream);
    this.#stream = stream;
    this.#encode = encode;
    this.requests = "request" in stream ? onlyRequest(stream.request) : requestsOf(stream);
  }

  send(message: unknown): boolean {
    if (this.#stream.cancelled) return true;
    return this.#stream.write(asBuffer(this.#encode(message)));
  }

  async drained(): Promise<void> {
    if (this.#stream.cancelled || !this.#stream.writableNeedDrain) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#stream.off("drain", done);
        this.#stream.off("cancelled", done);
        resolve();
      };
      this.#stream.on("drain", done);
      this.#stream.on("cancelled", done);
    });
  }
}

async function* onlyRequest(request: unknown): AsyncGenerator<unknown> {
  yield request;
}

function requestsOf(stream: ServerDuplexStream<unknown, unknown>): AsyncIterable<unknown> {
  const queue = new RequestQueue<unknown>(stream);
  stream.on("data", (request: unknown) => {
    queue.push(request);
  });
  stream.on("end", () => {
    queue.end();
  });
  stream.on("cancelled", () => {
    queue.end();
  });
  // A broken connection also ends the call; the cancel event tells the handler.
  stream.on("error", () => {
    queue.end();
  });
  return queue;
}
