import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { Http2ServerRequest, Http2ServerResponse, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";

/** Answers a stream of HTTP/2 that is no gRPC call as HTTP/1.1 requests are answered. */
export function answerPlain(
  onRequest: RequestListener,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  rawHeaders: string[],
): void {
  const request = new Http2ServerRequest(stream, headers, {}, rawHeaders);
  plainRequestListener(onRequest)(request, new Http2ServerResponse(stream));
}

/** For a server of `node:http2` that takes no calls at all. */
export function plainRequestListener(onRequest: RequestListener) {
  return (request: Http2ServerRequest, response: Http2ServerResponse): void => {
    request.headers.host ??= request.authority;
    // The same in all that is used of them.
    onRequest(request as unknown as IncomingMessage, response as unknown as ServerResponse & { req: IncomingMessage });
  };
}
