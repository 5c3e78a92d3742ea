import { concatBytes } from "../../server/base/bytes.ts";

/** What a client says first. */
export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
/** Kinds of frames. */
export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  window: 8,
  continuation: 9,
} as const;
export const END_STREAM = 1;
export const END_HEADERS = 4;

/** One frame. */
export function frame(type: number, flags: number, stream: number, payload: Uint8Array): Uint8Array {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return concatBytes([head, payload]);
}

/** The headers of a gRPC call, each as a literal that is not remembered: nothing needs a table or Huffman's code. */
export function callHeaders(path: string): Uint8Array {
  const headers = [
    [":method", "POST"],
    [":scheme", "http"],
    [":path", path],
    [":authority", "localhost"],
    ["content-type", "application/grpc"],
    ["te", "trailers"],
  ];
  return concatBytes(headers.flatMap(([name = "", value = ""]) => [Uint8Array.of(0), text(name), text(value)]));
}

function text(value: string): Uint8Array {
  return concatBytes([Uint8Array.of(value.length), Buffer.from(value)]);
}
