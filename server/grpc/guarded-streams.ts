import type { RequestListener } from "node:http";
import type { Http2Server, IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { Code } from "../rpc/status.ts";
import { letGoWhenClosed } from "./call-garbage.ts";
import { writeInPieces } from "./piecewise-writes.ts";
import { answerPlain } from "./plain-requests.ts";

/** A listener of the event `stream`. */
type StreamListener = (
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  flags: number,
  rawHeaders: string[],
) => void;

/** What there is to call, and who answers requests that are no calls; grpc-js does without it. */
export interface Streams {
  readonly paths: ReadonlySet<string>;
  readonly onPlainRequest?: RequestListener | undefined;
}

/**
 * Stands before grpc-js, which listens to a server's streams. A stream that its client has reset before anybody looked at it
 * is passed over: whoever answered it would throw, out of reach of every handler. What is no gRPC call is answered as
 * HTTP/1.1 requests are. A method that there is not is refused in the words of grpc-go, which clients look for. Large answers
 * of the others go out piece by piece, and a stream that is over holds nothing.
 */
export function guardStreams(server: Http2Server, { paths, onPlainRequest }: Streams): void {
  const services = new Set(Array.from(paths, (path) => serviceOf(path)));
  const listeners = server.listeners("stream") as StreamListener[];
  server.removeAllListeners("stream");
  const onStream: StreamListener = (stream, headers, flags, rawHeaders) => {
    if (stream.destroyed || stream.closed) {
      stream.on("error", () => undefined);
      return;
    }
    const isCall = headers["content-type"]?.startsWith("application/grpc") === true;
    const path = headers[":path"] ?? "";
    if (isCall && headers[":method"] === "POST" && !paths.has(path))
      return refuse(stream, unknownMethodText(path, services));
    writeInPieces(stream);
    letGoWhenClosed(stream);
    try {
      if (!isCall && onPlainRequest) answerPlain(onPlainRequest, stream, headers, rawHeaders);
      else for (const listener of listeners) listener.call(server, stream, headers, flags, rawHeaders);
    } catch (error) {
      if (!stream.destroyed) throw error;
    }
  };
  // Its type says less of the stream than it is.
  server.on("stream", onStream as unknown as Parameters<typeof server.on<"stream">>[1]);
}

/** What grpc-go says of a path that names no method. */
export function unknownMethodText(path: string, services: ReadonlySet<string>): string {
  const name = path.startsWith("/") ? path.slice(1) : path;
  const at = name.lastIndexOf("/");
  if (at < 0) return `malformed method name: ${JSON.stringify(path)}`;
  const service = name.slice(0, at);
  if (!services.has(service)) return `unknown service ${service}`;
  return `unknown method ${name.slice(at + 1)} for service ${service}`;
}

function serviceOf(path: string): string {
  return path.slice(1, path.lastIndexOf("/"));
}

function refuse(stream: ServerHttp2Stream, message: string): void {
  stream.on("error", () => undefined);
  stream.respond(
    {
      ":status": 200,
      "content-type": "application/grpc",
      "grpc-status": String(Code.UNIMPLEMENTED),
      "grpc-message": encodedMessage(message),
    },
    { endStream: true },
  );
  stream.resume();
}

/** gRPC's percent-encoding: printable ASCII but the percent sign stays as it is. */
function encodedMessage(message: string): string {
  return Array.from(Buffer.from(message), (byte) =>
    byte >= 0x20 && byte <= 0x7e && byte !== 0x25
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`,
  ).join("");
}
