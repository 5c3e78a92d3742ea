import { createHash } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { Readable, type Duplex } from "node:stream";
import { FrameReader, frameOf, Opcode } from "./websocket-frame.ts";

/** RFC 6455, 1.3: what proves that the server has understood the handshake. */
const HANDSHAKE_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const NORMAL_CLOSURE = 1000;
const PROTOCOL_ERROR = 1002;

/** One WebSocket: texts in, texts out. */
export interface WebSocketConnection {
  /** What the client sends, each text followed by a line's end. */
  readonly texts: AsyncIterable<string>;
  /** Queues a text; false: wait for `drained`. */
  send(text: string): boolean;
  drained(): Promise<void>;
  /** Says goodbye and ends the connection. */
  close(): void;
  /** Runs once when the client has gone. */
  onClose(run: () => void): void;
}

/** Answers the handshake; undefined if it is none. Messages beyond the limit end the connection. */
export function acceptWebSocket(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  maxMessageBytes: number,
): WebSocketConnection | undefined {
  const { upgrade, "sec-websocket-key": key, "sec-websocket-version": version } = request.headers;
  if (upgrade?.toLowerCase() !== "websocket" || key === undefined || version !== "13") return undefined;
  const accept = createHash("sha1").update(`${key}${HANDSHAKE_GUID}`).digest("base64");
  const lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
  lines.push(`Sec-WebSocket-Accept: ${accept}`);
  // Browsers cannot set headers, so a token comes as a protocol; the client wants to hear it again.
  if (request.headers["sec-websocket-protocol"]?.startsWith("Bearer")) lines.push("Sec-WebSocket-Protocol: Bearer");
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  return new Connection(socket, head, maxMessageBytes);
}

/** What a method may know of the request: where it comes from, and a token from the protocol or the cookie. */
export function headersOfWebSocket({ headers }: IncomingMessage): IncomingHttpHeaders {
  const { origin, referer, cookie = "", "sec-websocket-protocol": protocol } = headers;
  const [, fromProtocol] = /Bearer,(.*)$/.exec(protocol ?? "") ?? [];
  const [, fromCookie] = /(?:^|;\s*)token=([^;]*)/.exec(cookie) ?? [];
  const token = fromCookie ?? fromProtocol?.trim();
  return {
    ...(origin !== undefined && { origin }),
    ...(referer !== undefined && { referer }),
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  };
}

class Connection implements WebSocketConnection {
  readonly texts: Readable;
  readonly #socket: Duplex;
  readonly #frames: FrameReader;
  #isClosed = false;

  constructor(socket: Duplex, head: Buffer, maxMessageBytes: number) {
    this.#socket = socket;
    this.#frames = new FrameReader(maxMessageBytes);
    this.texts = new Readable({
      objectMode: true,
      read: () => {
        socket.resume();
      },
    });
    socket.on("data", (bytes: Buffer) => {
      this.#take(bytes);
    });
    socket.on("error", () => {
      socket.destroy();
    });
    socket.once("close", () => {
      this.texts.push(null);
    });
    if (head.length > 0) this.#take(head);
  }

  send(text: string): boolean {
    if (this.#isClosed || !this.#socket.writable) return true;
    return this.#socket.write(frameOf(Opcode.Text, Buffer.from(text)));
  }

  drained(): Promise<void> {
    if (this.#socket.destroyed || !this.#socket.writableNeedDrain) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        this.#socket.off("drain", done);
        this.#socket.off("close", done);
        resolve();
      };
      this.#socket.on("drain", done);
      this.#socket.on("close", done);
    });
  }

  close(code = NORMAL_CLOSURE): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const reason = Buffer.alloc(2);
    reason.writeUInt16BE(code);
    this.#socket.end(frameOf(Opcode.Close, reason), () => {
      this.#socket.destroy();
    });
  }

  onClose(run: () => void): void {
    if (this.#socket.destroyed) run();
    else this.#socket.once("close", run);
  }

  #take(bytes: Buffer): void {
    for (const message of this.#frames.push(bytes)) {
      switch (message.kind) {
        case "text":
          if (!this.texts.push(`${message.text}\n`)) this.#socket.pause();
          break;
        case "ping":
          if (!this.#isClosed) this.#socket.write(frameOf(Opcode.Pong, message.payload));
          break;
        case "close":
          this.close();
          return;
        case "broken":
          this.close(PROTOCOL_ERROR);
          return;
      }
    }
  }
}
