import { setTimeout as pause } from "node:timers/promises";
import type { DescMessage, DescMethod, MessageShape } from "@bufbuild/protobuf";
import { Metadata } from "@grpc/grpc-js";
import { must } from "../base/assert.ts";
import { callResponses, rpcError } from "../client/call-responses.ts";
import { codecOf, type Codec } from "../client/calls.ts";
import { mayRetry } from "../client/retry.ts";
import type { CallContext } from "../rpc/service.ts";
import { Code, RpcError } from "../rpc/status.ts";
import { UpstreamChannel, type ChannelSettings } from "./upstream-channel.ts";

/** The call for which the cluster is asked: its credentials go along, and its end ends the call of the cluster. */
export type Origin = Pick<CallContext, "metadata" | "onCancelled">;

/** What the cluster sends; leaving the loop, or `cancel`, ends the call. */
export interface UpstreamResponses<Response> extends AsyncIterable<Response> {
  cancel(): void;
}

/** A call of the cluster in which both sides send at will. */
export interface UpstreamStream<Request, Response> extends UpstreamResponses<Response> {
  send(request: Request): void;
}

/** One method of a generated service: `KV.method.range`. */
export type Method<Kind extends DescMethod["methodKind"], I extends DescMessage, O extends DescMessage> = DescMethod & {
  readonly methodKind: Kind;
  readonly input: I;
  readonly output: O;
};

/** Metadata of a caller that the cluster has to see: who it is, and whether it wants an answer without a leader. */
const PASSED_ON = ["token", "authorization", "hasleader"] as const;
/** etcd's client gives up after so many attempts. */
const MAX_ATTEMPTS = 100;
/** Pause after each endpoint has been asked once (etcd's backoffWaitBetween). */
const ROUND_PAUSE_MS = 25;
/** How long the first connection to any of several endpoints is waited for, and how often that is looked at. */
const CONNECT_PATIENCE_MS = 1000;
const CONNECT_POLL_MS = 20;

/** A caller of its own: nobody's credentials, no end before the answer. */
export const NO_ORIGIN: Origin = { metadata: () => undefined, onCancelled: () => undefined };

/** Somebody's token, where the call itself is over or is one of many. */
export function originWith(metadata: Readonly<Record<string, string | undefined>>): Origin {
  return { metadata: (key) => metadata[key], onCancelled: () => undefined };
}

/** The cluster behind the proxy: each call goes to the next of the endpoints that are connected. */
export class Upstream {
  readonly #settings: ChannelSettings;
  #channels: readonly UpstreamChannel[];
  #turn = 0;

  constructor(endpoints: readonly string[], settings: ChannelSettings) {
    this.#settings = settings;
    this.#channels = endpoints.map((endpoint) => new UpstreamChannel(endpoint, settings));
    for (const channel of this.#channels) void channel.isReady;
  }

  get endpoints(): readonly string[] {
    return this.#channels.map(({ endpoint }) => endpoint);
  }

  /** From now on these are asked; calls under way at others end as they would have. */
  replaceEndpoints(endpoints: readonly string[]): void {
    const known = new Map(this.#channels.map((channel) => [channel.endpoint, channel]));
    this.#channels = endpoints.map((endpoint) => known.get(endpoint) ?? new UpstreamChannel(endpoint, this.#settings));
    const kept = new Set(this.#channels);
    for (const channel of known.values()) if (!kept.has(channel)) channel.close();
  }

  /** Asks until there is an answer: a read of any endpoint in turn, a change only as long as it was never sent. */
  async unary<I extends DescMessage, O extends DescMessage>(
    method: Method<"unary", I, O>,
    request: MessageShape<I>,
    origin: Origin = NO_ORIGIN,
  ): Promise<MessageShape<O>> {
    const codec = codecOf(method);
    const cancellation = cancellationOf(origin);
    for (let attempt = 1; ; attempt++) {
      const channel = await this.#pick();
      try {
        return await callOnce(channel, codec, request, metadataOf(origin), cancellation);
      } catch (error) {
        if (!(error instanceof RpcError) || attempt >= MAX_ATTEMPTS || cancellation.isCancelled) throw error;
        const isEachAsked = attempt >= this.#channels.length;
        // The deadline is the caller's, or the cluster's own: more time is not to be had.
        if (error.code === Code.DEADLINE_EXCEEDED || !mayRetry(codec.path, error, isEachAsked)) throw error;
        if (attempt % this.#channels.length === 0) await pause(ROUND_PAUSE_MS);
      }
    }
  }

  /** Asks one endpoint for a stream; its end is the caller's to judge. */
  serverStream<I extends DescMessage, O extends DescMessage>(
    method: Method<"server_streaming", I, O>,
    request: MessageShape<I>,
    origin: Origin = NO_ORIGIN,
  ): UpstreamResponses<MessageShape<O>> {
    const { path, encode, decode } = codecOf(method);
    const call = this.#next().grpc.makeServerStreamRequest(path, encode, decode, request, metadataOf(origin));
    origin.onCancelled(() => {
      call.cancel();
    });
    return { cancel: () => call.cancel(), [Symbol.asyncIterator]: () => callResponses<MessageShape<O>>(call) };
  }

  /** The same for a stream in both directions. */
  duplex<I extends DescMessage, O extends DescMessage>(
    method: Method<"bidi_streaming", I, O>,
    origin: Origin = NO_ORIGIN,
  ): UpstreamStream<MessageShape<I>, MessageShape<O>> {
    const { path, encode, decode } = codecOf(method);
    const call = this.#next().grpc.makeBidiStreamRequest(path, encode, decode, metadataOf(origin));
    return {
      send: (request) => {
        call.write(request);
      },
      cancel: () => call.cancel(),
      [Symbol.asyncIterator]: () => callResponses<MessageShape<O>>(call),
    };
  }

  close(): void {
    for (const channel of this.#channels) channel.close();
  }

  /** With several endpoints, one that is connected is waited for a while: another may never answer. */
  async #pick(): Promise<UpstreamChannel> {
    const deadline = performance.now() + CONNECT_PATIENCE_MS;
    while (this.#channels.length > 1 && performance.now() < deadline) {
      if (this.#channels.some(({ isReady }) => isReady) || this.#channels.every(({ isRefused }) => isRefused)) break;
      await pause(CONNECT_POLL_MS);
    }
    return this.#next();
  }

  #next(): UpstreamChannel {
    const count = this.#channels.length;
    const inTurn = this.#channels.map((_, at) => must(this.#channels[(this.#turn + at) % count]));
    const channel = inTurn.find(({ isReady }) => isReady) ?? must(inTurn[0], "there is an endpoint");
    this.#turn = (this.#channels.indexOf(channel) + 1) % count;
    return channel;
  }
}

/** The end of a call that may have to end several others in turn. */
interface Cancellation {
  isCancelled: boolean;
  cancel: () => void;
}

function cancellationOf(origin: Origin): Cancellation {
  const cancellation: Cancellation = { isCancelled: false, cancel: () => undefined };
  origin.onCancelled(() => {
    cancellation.isCancelled = true;
    cancellation.cancel();
  });
  return cancellation;
}

function callOnce<I extends DescMessage, O extends DescMessage>(
  { grpc }: UpstreamChannel,
  { path, encode, decode }: Codec<I, O>,
  request: MessageShape<I>,
  metadata: Metadata,
  cancellation: Cancellation,
): Promise<MessageShape<O>> {
  return new Promise((resolve, reject) => {
    const call = grpc.makeUnaryRequest(path, encode, decode, request, metadata, (error, response) => {
      if (error) reject(rpcError(error));
      else resolve(response as MessageShape<O>);
    });
    cancellation.cancel = () => {
      call.cancel();
    };
    // The caller may have gone while a connection was waited for.
    if (cancellation.isCancelled) call.cancel();
  });
}

function metadataOf(origin: Origin): Metadata {
  const passed = new Metadata();
  for (const key of PASSED_ON) {
    const value = origin.metadata(key);
    if (value !== undefined) passed.set(key, value);
  }
  return passed;
}
