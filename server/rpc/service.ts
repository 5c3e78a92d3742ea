import { fromBinary, toBinary, type DescMessage, type DescMethod, type MessageShape } from "@bufbuild/protobuf";
import type { GenService, GenServiceMethods } from "@bufbuild/protobuf/codegenv2";
import { must } from "../base/assert.ts";

/** What a handler may know of a call, whatever transport carries it. */
export interface CallContext {
  /** The value of a metadata key in lower case; the first one if there are several. */
  metadata(key: string): string | undefined;
  /** The common name in the certificate that the client has shown and that was verified; undefined if there was none. */
  peerCommonName(): string | undefined;
  readonly isCancelled: boolean;
  /** Runs once if the client cancels, its deadline passes or the connection is lost; at once if it already has. */
  onCancelled(run: () => void): void;
}

/** A call that answers with any number of messages. */
export interface StreamCall<Request, Response> extends CallContext {
  /** What the client sends, ending when it half-closes. One message for a server-streaming call. */
  readonly requests: AsyncIterable<Request>;
  /** Encodes and queues a message, which may be changed afterwards; false means that the peer is not keeping up: wait for `drained` before the next. */
  send(message: Response): boolean;
  /** Resolves when more may be sent, also when the call ends. */
  drained(): Promise<void>;
}

export type UnaryHandler<Request, Response> = (request: Request, call: CallContext) => Response | Promise<Response>;

/** Resolving ends the call with OK, rejecting with the error's status. */
export type StreamHandler<Request, Response> = (call: StreamCall<Request, Response>) => Promise<void>;

type Handler<M> = M extends {
  methodKind: "unary";
  input: infer I extends DescMessage;
  output: infer O extends DescMessage;
}
  ? UnaryHandler<MessageShape<I>, MessageShape<O>>
  : M extends { input: infer I extends DescMessage; output: infer O extends DescMessage }
    ? StreamHandler<MessageShape<I>, MessageShape<O>>
    : never;

/** One handler for each method of a generated service. */
export type Implementation<S> = S extends GenService<infer M> ? { readonly [K in keyof M]: Handler<M[K]> } : never;

interface MethodCodec {
  /** `/package.Service/Method` */
  readonly path: string;
  readonly service: string;
  readonly input: DescMessage;
  readonly output: DescMessage;
  readonly name: string;
  readonly decode: (bytes: Uint8Array) => unknown;
  readonly encode: (message: unknown) => Uint8Array;
}

/** A method with its codec and its handler: all that a transport needs. */
export type BoundMethod = MethodCodec &
  (
    | { readonly kind: "unary"; readonly handle: UnaryHandler<unknown, unknown> }
    | { readonly kind: "server_streaming" | "bidi_streaming"; readonly handle: StreamHandler<unknown, unknown> }
  );

/** Codecs that replace the generated ones where the profile says so, by method path. */
export interface CodecOverride {
  readonly decode?: (bytes: Uint8Array) => unknown;
  readonly encode?: (message: unknown) => Uint8Array;
}

/** Joins a generated service with its handlers. */
export function bindService<M extends GenServiceMethods>(
  service: GenService<M>,
  implementation: Implementation<GenService<M>>,
  overrides: Readonly<Record<string, CodecOverride>> = {},
): readonly BoundMethod[] {
  const handlers = implementation as Readonly<Record<string, unknown>>;
  return service.methods.map((method) => bindMethod(service.typeName, method, handlers[method.localName], overrides));
}

function bindMethod(
  service: string,
  method: DescMethod,
  handler: unknown,
  overrides: Readonly<Record<string, CodecOverride>>,
): BoundMethod {
  const { input, output } = method;
  const path = `/${service}/${method.name}`;
  const codec: MethodCodec = {
    path,
    service,
    input,
    output,
    name: method.name,
    decode: overrides[path]?.decode ?? ((bytes) => fromBinary(input, bytes)),
    encode: overrides[path]?.encode ?? ((message) => toBinary(output, message as MessageShape<typeof output>)),
  };
  const handle = must(handler ?? undefined, `${path} has a handler`);
  if (method.methodKind === "unary")
    return { ...codec, kind: "unary", handle: handle as UnaryHandler<unknown, unknown> };
  const kind = method.methodKind === "server_streaming" ? "server_streaming" : "bidi_streaming";
  return { ...codec, kind, handle: handle as StreamHandler<unknown, unknown> };
}
