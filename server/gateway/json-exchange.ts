import type { BoundMethod, StreamCall } from "../rpc/service.ts";
import { statusOf } from "../rpc/fault-status.ts";
import { Code, RpcError, type Status } from "../rpc/status.ts";
import type { GatewayCall } from "./gateway-call.ts";
import { decodeRequest, responseJson } from "./json-codec.ts";
import { statusJson } from "./status-json.ts";

/** How a method is called by JSON, whatever carries the texts. */
export interface JsonExchange {
  readonly call: GatewayCall;
  /** The client's JSON values, one text each. */
  readonly requests: AsyncIterable<string>;
  /** Queues one line; false: wait for `drained`. */
  readonly send: (line: string) => boolean;
  readonly drained: () => Promise<void>;
}

export interface JsonCallOptions {
  readonly maxReceiveBytes: number;
  /** An error that is no outcome: a bug. */
  readonly onBug: (error: unknown) => void;
  readonly onCallStart?: ((method: BoundMethod, clientVersion: string | undefined) => void) | undefined;
  readonly onCallEnd?: ((method: BoundMethod, code: Code, durationMs: number) => void) | undefined;
}

type StreamMethod = Extract<BoundMethod, { readonly kind: "server_streaming" | "bidi_streaming" }>;
type UnaryMethod = Extract<BoundMethod, { readonly kind: "unary" }>;

/** The answer to a unary call as JSON text. Rejects with an RpcError. */
export function callUnary(method: UnaryMethod, exchange: JsonExchange, options: JsonCallOptions): Promise<string> {
  return withStatus(method, exchange.call, options, async () => {
    const request = decodeRequest(method, await firstOf(exchange.requests), options.maxReceiveBytes);
    const response = await method.handle(request, exchange.call);
    return JSON.stringify(responseJson(method, response));
  });
}

/** Runs a stream: `{"result": …}` for each answer. Rejects with an RpcError. */
export function callStream(method: StreamMethod, exchange: JsonExchange, options: JsonCallOptions): Promise<void> {
  return withStatus(method, exchange.call, options, () => {
    const { call } = exchange;
    const stream: StreamCall<unknown, unknown> = {
      requests: decoded(method, exchange.requests, options.maxReceiveBytes),
      send: (message) => exchange.send(`{"result":${JSON.stringify(responseJson(method, message))}}\n`),
      drained: exchange.drained,
      metadata: (key) => call.metadata(key),
      peerCommonName: () => call.peerCommonName(),
      onCancelled: (run) => {
        call.onCancelled(run);
      },
      get isCancelled() {
        return call.isCancelled;
      },
    };
    return method.handle(stream);
  });
}

/** How a stream says that it has failed. */
export function errorLine(status: Status): string {
  return `{"error":${statusJson(status)}}`;
}

/** A client that says nothing means the empty request. */
async function firstOf(texts: AsyncIterable<string>): Promise<string> {
  for await (const text of texts) return text;
  return "";
}

/** A bidirectional stream is told of no request that cannot be read, nor of anything behind it: so does grpc-gateway. */
async function* decoded(method: StreamMethod, texts: AsyncIterable<string>, maxBytes: number): AsyncGenerator<unknown> {
  if (method.kind === "server_streaming") {
    yield decodeRequest(method, await firstOf(texts), maxBytes);
    return;
  }
  try {
    for await (const text of texts) yield decodeRequest(method, text, maxBytes);
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
  }
}

async function withStatus<T>(
  method: BoundMethod,
  call: GatewayCall,
  { onBug, onCallStart, onCallEnd }: JsonCallOptions,
  run: () => Promise<T>,
): Promise<T> {
  const startMs = performance.now();
  onCallStart?.(method, call.metadata("client-api-version"));
  const end = (code: Code): void => onCallEnd?.(method, code, performance.now() - startMs);
  const { timeoutMs } = call;
  const timedOut = Promise.withResolvers<never>();
  const deadline = timeoutMs === undefined ? undefined : setTimeout(timeOut, Math.max(timeoutMs, 0));
  function timeOut(): void {
    call.cancel();
    timedOut.reject(new RpcError(Code.DEADLINE_EXCEEDED, "context deadline exceeded"));
  }
  try {
    // No timer is that short, and a read may be answered in the same turn.
    if (timeoutMs !== undefined && timeoutMs < 1) timeOut();
    const result = await (deadline === undefined ? run() : Promise.race([timedOut.promise, run()]));
    end(Code.OK);
    return result;
  } catch (error) {
    const status = statusOf(error);
    if (!status) onBug(error);
    const { code, message } = status ?? { code: Code.INTERNAL, message: "internal error" };
    end(code);
    throw new RpcError(code, message, { cause: error });
  } finally {
    clearTimeout(deadline);
  }
}
