/** The kinds of frames (RFC 6455, 5.2). */
export const Opcode = { Continuation: 0, Text: 1, Binary: 2, Close: 8, Ping: 9, Pong: 10 } as const;
export type Opcode = (typeof Opcode)[keyof typeof Opcode];

/** Payloads of control frames are at most this long. */
const MAX_CONTROL_BYTES = 125;
const FIN = 0x80;
const RESERVED = 0x70;
const MASKED = 0x80;

/** What a client says with one message. */
export type WebSocketMessage =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "ping"; readonly payload: Buffer }
  | { readonly kind: "close" }
  /** Against the rules, or too long: the connection has to end. */
  | { readonly kind: "broken" };

interface Frame {
  readonly isFinal: boolean;
  readonly opcode: number;
  readonly payload: Buffer;
  readonly end: number;
}

/** Puts messages together from the bytes that a client sends. */
export class FrameReader {
  readonly #maxMessageBytes: number;
  #bytes: Buffer = Buffer.alloc(0);
  /** Of a message in several frames. */
  #parts: Buffer[] | undefined;
  #partsBytes = 0;

  constructor(maxMessageBytes: number) {
    this.#maxMessageBytes = maxMessageBytes;
  }

  *push(bytes: Buffer): Generator<WebSocketMessage> {
    this.#bytes = this.#bytes.length === 0 ? bytes : Buffer.concat([this.#bytes, bytes]);
    for (;;) {
      const frame = readFrame(this.#bytes, this.#maxMessageBytes);
      if (frame === "incomplete") return;
      if (frame === "broken") {
        yield { kind: "broken" };
        return;
      }
      this.#bytes = this.#bytes.subarray(frame.end);
      const message = this.#messageOf(frame);
      if (message) yield message;
      if (message?.kind === "broken") return;
    }
  }

  #messageOf({ isFinal, opcode, payload }: Frame): WebSocketMessage | undefined {
    switch (opcode) {
      case Opcode.Ping:
        return { kind: "ping", payload };
      case Opcode.Pong:
        return undefined;
      case Opcode.Close:
        return { kind: "close" };
      case Opcode.Text:
      case Opcode.Binary:
        if (this.#parts) return { kind: "broken" };
        this.#parts = [];
        this.#partsBytes = 0;
        break;
      case Opcode.Continuation:
        break;
      default:
        return { kind: "broken" };
    }
    if (!this.#parts) return { kind: "broken" };
    this.#parts.push(payload);
    this.#partsBytes += payload.length;
    if (this.#partsBytes > this.#maxMessageBytes) return { kind: "broken" };
    if (!isFinal) return undefined;
    const text = Buffer.concat(this.#parts).toString("utf8");
    this.#parts = undefined;
    return { kind: "text", text };
  }
}

/** A whole frame as servers send them. */
export function frameOf(opcode: Opcode, payload: Buffer): Buffer {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = FIN | opcode;
  if (length < 126) head[1] = length;
  else if (length < 65_536) {
    head[1] = 126;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([head, payload]);
}

function readFrame(bytes: Buffer, maxBytes: number): Frame | "incomplete" | "broken" {
  if (bytes.length < 2) return "incomplete";
  const [first = 0, second = 0] = bytes;
  const opcode = first & 0x0f;
  const isFinal = (first & FIN) !== 0;
  const shortLength = second & 0x7f;
  const isControl = opcode >= Opcode.Close;
  // Clients have to mask; extensions have not been agreed on.
  if ((second & MASKED) === 0 || (first & RESERVED) !== 0) return "broken";
  if (isControl && (!isFinal || shortLength > MAX_CONTROL_BYTES)) return "broken";
  const lengthBytes = shortLength === 126 ? 2 : shortLength === 127 ? 8 : 0;
  const maskAt = 2 + lengthBytes;
  if (bytes.length < maskAt + 4) return "incomplete";
  const length =
    lengthBytes === 0 ? shortLength : lengthBytes === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (length > maxBytes) return "broken";
  const start = maskAt + 4;
  if (bytes.length < start + length) return "incomplete";
  const payload = Buffer.from(bytes.subarray(start, start + length));
  for (let i = 0; i < length; i++) payload[i] = (payload[i] ?? 0) ^ (bytes[maskAt + (i % 4)] ?? 0);
  return { isFinal, opcode, payload, end: start + length };
}
