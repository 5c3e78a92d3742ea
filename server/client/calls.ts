import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { DescMessage, DescMethod, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { Metadata, type Client as Channel, type ClientDuplexStream } from "@grpc/grpc-js";
import { Code, RpcError } from "../rpc/status.ts";
import { callResponses, rpcError } from "./call-responses.ts";
import { Endpoints } from "./endpoints.ts";
import { isRead, mayRetry } from "./retry.ts";

/** How one call is made. */
export interface CallOptions {
  /** A unary call ends with deadline-exceeded after this; streams have no deadline unless they are given one. */
  readonly timeoutMs?: number;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Ends the call with "canceled" when it is aborted; for a stream, use its `cancel`. */
  readonly signal?: AbortSignal;
}

/** What a server sends; leaving the loop, or `cancel`, ends the call. */
export interface ResponseStream<Response> extends AsyncIterable<Response> {
  cancel(): void;
}

/** A call in which both sides send at will. */
export interface DuplexStream<Request, Response> extends ResponseStream<Response> {
  /** Resolves when there is room for more. */
  send(request: Request): Promise<void>;
  /** Nothing more will be sent; the server ends the call when it has answered. */
  end(): void;
}

const DEFAULT_TIMEOUT_MS = 5000;
const FIRST_PAUSE_MS = 20;
const MAX_PAUSE_MS = 500;
/** How long a connection may take if there are others to try. */
const CONNECT_TIMEOUT_MS = 1000;
/** A read is not asked of the next endpoint before this time, however many there are. */
const MIN_ATTEMPT_MS = 500;

/** Messages within messages in an answer: that to a txn has two a level, and etcd lets 128 levels through. */
const ANSWER_DEPTH = 300;

/** How the messages of a method become bytes, and back. */
export interface Codec<I extends DescMessage, O extends DescMessage> {
  readonly path: string;
  readonly encode: (request: MessageInitShape<I>) => Buffer;
  readonly decode: (bytes: Buffer) => MessageShape<O>;
}

/** The codecs of a method, as grpc-js wants them. */
export function codecOf<I extends DescMessage, O extends DescMessage>(
  method: DescMethod & { readonly input: I; readonly output: O },
): Codec<I, O> {
  const { input, output } = method;
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    encode: (request) => asBuffer(toBinary(input, create(input, request))),
    decode: (bytes) => fromBinary(output, bytes, { recursionLimit: ANSWER_DEPTH }),
  };
}

/** Asks the current endpoint and, where that is safe, the next ones until the deadline. */
export async function callUnary<I extends DescMessage, O extends DescMessage>(
  endpoints: Endpoints,
  codec: Codec<I, O>,
  request: MessageInitShape<I>,
  options: CallOptions,
): Promise<MessageShape<O>> {
  const deadline = Date.now() + (options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  for (let attempt = 1; ; attempt++) {
    const channel = endpoints.current;
    try {
      if (endpoints.count > 1) await connect(channel, deadline);
      const attemptDeadline = isRead(codec.path) ? shareOf(deadline, endpoints.count) : deadline;
      return await callOnce(channel, codec, request, options, attemptDeadline);
    } catch (error) {
      if (!(error instanceof RpcError) || !mayRetry(codec.path, error, attempt >= endpoints.count)) throw error;
      endpoints.leave(channel);
      // Each endpoint is tried once without delay.
      const rounds = Math.floor(attempt / endpoints.count);
      const pauseMs = rounds === 0 ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** (rounds - 1), MAX_PAUSE_MS);
      if (Date.now() + pauseMs >= deadline || options.signal?.aborted === true) throw error;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

async function connect(channel: Channel, deadline: number): Promise<void> {
  const timeoutMs = Math.min(CONNECT_TIMEOUT_MS, deadline - Date.now());
  if (await Endpoints.hasAnswered(channel, timeoutMs)) return;
  const target = channel.getChannel().getTarget();
  throw new RpcError(Code.UNAVAILABLE, `No connection established: ${target} does not answer`);
}

/** When one endpoint's turn ends, so that each gets one. */
function shareOf(deadline: number, endpoints: number): number {
  const nowMs = Date.now();
  return Math.min(deadline, nowMs + Math.max(MIN_ATTEMPT_MS, (deadline - nowMs) / endpoints));
}

function callOnce<I extends DescMessage, O extends DescMessage>(
  channel: Channel,
  { path, encode, decode }: Codec<I, O>,
  request: MessageInitShape<I>,
  options: CallOptions,
  deadline: number,
): Promise<MessageShape<O>> {
  return new Promise((resolve, reject) => {
    const { signal } = options;
    const metadata = metadataOf(options);
    const call = channel.makeUnaryRequest(path, encode, decode, request, metadata, { deadline }, (error, response) => {
      signal?.removeEventListener("abort", cancel);
      if (error) reject(rpcError(error));
      else resolve(response as MessageShape<O>);
    });
    const cancel = (): void => call.cancel();
    if (signal?.aborted === true) cancel();
    else signal?.addEventListener("abort", cancel);
  });
}

/** Asks the current endpoint for a stream; a failure ends it, and the caller decides how to go on. */
export function callServerStream<I extends DescMessage, O extends DescMessage>(
  endpoints: Endpoints,
  codec: Codec<I, O>,
  request: MessageInitShape<I>,
  options: CallOptions,
): ResponseStream<MessageShape<O>> {
  const channel = endpoints.current;
  const { path, encode, decode } = codec;
  const call = channel.makeServerStreamRequest(path, encode, decode, request, metadataOf(options), limits(options));
  return {
    cancel: () => call.cancel(),
    [Symbol.asyncIterator]: () => callResponses(call, () => endpoints.leave(channel)),
  };
}

/** The same for a stream in both directions. */
export function callDuplexStream<I extends DescMessage, O extends DescMessage>(
  endpoints: Endpoints,
  codec: Codec<I, O>,
  options: CallOptions,
): DuplexStream<MessageInitShape<I>, MessageShape<O>> {
  const channel = endpoints.current;
  const { path, encode, decode } = codec;
  const call: ClientDuplexStream<MessageInitShape<I>, MessageShape<O>> = channel.makeBidiStreamRequest(
    path,
    encode,
    decode,
    metadataOf(options),
    limits(options),
  );
  return {
    // A stream that has ended resolves too: its end is told to whoever reads it.
    send: (request) => new Promise((resolve) => call.write(request, () => resolve())),
    end: () => call.end(),
    cancel: () => call.cancel(),
    [Symbol.asyncIterator]: () => callResponses(call, () => endpoints.leave(channel)),
  };
}

function limits({ timeoutMs }: CallOptions): { deadline?: number } {
  return timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
}

function metadataOf({ metadata = {} }: CallOptions): Metadata {
  const result = new Metadata();
  for (const [key, value] of Object.entries(metadata)) result.set(key, value);
  return result;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
