import type { ServerHttp2Stream } from "node:http2";

/**
 * Bytes of a message that are handed to the connection at once. nghttp2 takes turns among streams frame by frame, but what
 * it has been given goes to the socket in one write, as far as the client's window lets it: several megabytes, behind which
 * an event of a watch on the same connection would wait.
 */
const PIECE_BYTES = 128 * 1024;

type Done = (error?: Error | null) => void;

/**
 * Makes a stream hand over its large messages piece by piece, each when the one before has reached the socket. To be called
 * before anything is written. Whoever writes waits for `done` before the next message, as grpc-js does.
 */
export function writeInPieces(stream: ServerHttp2Stream): void {
  const write = stream.write.bind(stream) as (chunk: unknown, ...rest: unknown[]) => boolean;
  const inPieces = (message: Uint8Array, from: number, done: Done): boolean => {
    const to = from + PIECE_BYTES;
    if (to >= message.length) return write(message.subarray(from), done);
    return write(message.subarray(from, to), (error?: Error | null) => {
      if (error) done(error);
      else if (stream.writableEnded || stream.destroyed) done(new Error("the stream ended within a message"));
      else inPieces(message, to, done);
    });
  };
  // Named first, and then assigned: V8 puts a function that is assigned as it is made into the old generation.
  const writeOrSplit = (chunk: unknown, ...rest: unknown[]): boolean => {
    const [done] = rest;
    if (!(chunk instanceof Uint8Array) || chunk.length <= PIECE_BYTES || typeof done !== "function")
      return write(chunk, ...rest);
    return inPieces(chunk, 0, done as Done);
  };
  stream.write = writeOrSplit;
}
