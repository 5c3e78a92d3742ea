import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import {
  Http2ServerRequest,
  Http2ServerResponse,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";

/** A listener of the event `stream`. */
type StreamListener = (
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  flags: number,
  rawHeaders: string[],
) => void;

/** Takes the streams that are no gRPC calls away from a server and answers them as HTTP/1.1 requests are answered. */
export function divertPlainStreams(server: Http2Server, onRequest: RequestListener): void {
  const onCalls = server.listeners("stream") as StreamListener[];
  server.removeAllListeners("stream");
  const onStream: StreamListener = (stream, headers, flags, rawHeaders) => {
    if (isCall(headers)) for (const onCall of onCalls) onCall.call(server, stream, headers, flags, rawHeaders);
    else answerPlain(onRequest, new Http2ServerRequest(stream, headers, {}, rawHeaders), stream);
  };
  // Its type says less of the stream than it is.
  server.on("stream", onStream as Parameters<typeof server.on<"stream">>[1]);
}

/** For a server of `node:http2` that takes no calls at all. */
export function plainRequestListener(onRequest: RequestListener) {
  return (request: Http2ServerRequest, response: Http2ServerResponse): void => {
    request.headers.host ??= request.authority;
    // The same in all that is used of them.
    onRequest(request as unknown as IncomingMessage, response as unknown as ServerResponse & { req: IncomingMessage });
  };
}

function answerPlain(onRequest: RequestListener, request: Http2ServerRequest, stream: ServerHttp2Stream): void {
  plainRequestListener(onRequest)(request, new Http2ServerResponse(stream));
}

function isCall(headers: IncomingHttpHeaders): boolean {
  return headers["content-type"]?.startsWith("application/grpc") === true;
}
