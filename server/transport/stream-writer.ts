import type { ServerResponse } from "node:http";
import { must } from "../base/assert.ts";
import { concatBytes } from "../base/bytes.ts";
import type { Clock } from "../ports/clock.ts";
import type { Message } from "../proto/raft-message.ts";
import {
  encodeMessageFrame,
  MESSAGE_LINK_HEARTBEAT,
  MSGAPP_LINK_HEARTBEAT,
  MsgAppEncoder,
  type EncodedEntries,
} from "./message-codec.ts";

/** The two streams between members: appends in etcd's msgappv2 framing, and everything else. */
export type StreamKind = "msgapp" | "message";

/** Messages that wait for one stream (etcd's streamBufSize). */
export const MAX_QUEUED_MESSAGES = 4096;
/** Bytes that wait for one stream; the message that exceeds it is the last one taken. */
export const MAX_QUEUED_BYTES = 64 * 1024 * 1024;
/** Bytes handed to the socket before it has taken the earlier ones: they are counted once it has. */
const SOCKET_WINDOW_BYTES = 1024 * 1024;
/** A peer that takes nothing for so long is hung up on (etcd's connection write deadline). */
const WRITE_DEADLINE_MS = 5000;
/** Up to this size frames are copied together; larger ones are handed over as they are. */
const COPY_LIMIT_BYTES = 64 * 1024;

interface Connection {
  readonly response: ServerResponse;
  readonly appends: MsgAppEncoder;
}

/**
 * Our end of a stream that a peer has opened: messages for the peer go into the response of its request. A peer that
 * does not read holds a bounded number of messages and bytes here; what exceeds them is refused.
 */
export class StreamWriter {
  readonly #kind: StreamKind;
  readonly #clock: Clock;
  readonly #onLost: (hadQueue: boolean) => void;
  #connection: Connection | undefined;
  #queue: (readonly Uint8Array[])[] = [];
  #queuedBytes = 0;
  /** Since when the socket has taken nothing although it was given something. */
  #busySinceMs: number | undefined;

  constructor(options: {
    readonly kind: StreamKind;
    readonly clock: Clock;
    /** The peer hung up, or was hung up on; what was queued is lost. */
    readonly onLost: (hadQueue: boolean) => void;
  }) {
    this.#kind = options.kind;
    this.#clock = options.clock;
    this.#onLost = options.onLost;
  }

  get isAttached(): boolean {
    return this.#connection !== undefined;
  }

  /** Bytes that wait here or in the socket. */
  get pendingBytes(): number {
    return this.#queuedBytes + (this.#connection?.response.writableLength ?? 0);
  }

  /** Takes the response to a peer's request in the place of the one before. Its framing begins anew. */
  attach(response: ServerResponse): void {
    this.#drop();
    this.#connection = { response, appends: new MsgAppEncoder() };
    response.on("drain", () => {
      this.#busySinceMs = undefined;
      if (this.#connection?.response === response) this.flush();
    });
    response.on("error", () => undefined);
    response.on("close", () => {
      if (this.#connection?.response === response) this.#drop();
    });
    response.socket?.setNoDelay(true);
    response.flushHeaders();
  }

  /** Queues a message for the next flush; false: there is no more room, or nobody who reads. */
  push(message: Message, shared: EncodedEntries): boolean {
    if (!this.#connection) return false;
    if (this.#queue.length >= MAX_QUEUED_MESSAGES || this.#queuedBytes >= MAX_QUEUED_BYTES) return false;
    const parts =
      this.#kind === "msgapp" ? this.#connection.appends.encode(message, shared) : [encodeMessageFrame(message)];
    this.#queue.push(parts);
    this.#queuedBytes += sizeOf(parts);
    return true;
  }

  /** Writes what is queued, at once as far as the socket takes it; returns how many bytes went out. */
  flush(): number {
    const { response } = this.#connection ?? {};
    if (!response) return 0;
    let written = 0;
    while (this.#queue.length > 0 && response.writableLength < SOCKET_WINDOW_BYTES) {
      const batch = this.#takeBatch();
      written += batch.bytes;
      write(response, batch.parts, batch.bytes);
    }
    this.#noteBusy(response);
    return written;
  }

  /** Tells the peer that this end lives; to be called each LINK_HEARTBEAT_MS. */
  heartbeat(): void {
    const { response } = this.#connection ?? {};
    // Bytes under way are a sign of life as well.
    if (!response || response.writableLength > 0) return;
    response.write(this.#kind === "msgapp" ? MSGAPP_LINK_HEARTBEAT : MESSAGE_LINK_HEARTBEAT);
    this.#noteBusy(response);
  }

  /** Hangs up on a peer that has not read for too long. */
  checkDeadline(): void {
    if (this.#busySinceMs !== undefined && this.#clock.monotonicMs() - this.#busySinceMs > WRITE_DEADLINE_MS)
      this.#drop();
  }

  close(): void {
    this.#drop();
  }

  #drop(): void {
    const { response } = this.#connection ?? {};
    if (!response) return;
    const hadQueue = this.pendingBytes > 0;
    this.#connection = undefined;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#busySinceMs = undefined;
    response.destroy();
    this.#onLost(hadQueue);
  }

  /** The next frames, up to the size of the window. */
  #takeBatch(): { readonly parts: readonly Uint8Array[]; readonly bytes: number } {
    let count = 0;
    let bytes = 0;
    while (count < this.#queue.length && bytes < SOCKET_WINDOW_BYTES) bytes += sizeOf(must(this.#queue[count++]));
    const parts = this.#queue.slice(0, count).flat();
    this.#queue = count === this.#queue.length ? [] : this.#queue.slice(count);
    this.#queuedBytes -= bytes;
    return { parts, bytes };
  }

  #noteBusy(response: ServerResponse): void {
    // Without a drain to come, the socket has everything that it can be waited for.
    if (response.writableNeedDrain) this.#busySinceMs ??= this.#clock.monotonicMs();
  }
}

function sizeOf(parts: readonly Uint8Array[]): number {
  let bytes = 0;
  for (const part of parts) bytes += part.length;
  return bytes;
}

/** One chunk of the body and one write to the socket. */
function write(response: ServerResponse, parts: readonly Uint8Array[], bytes: number): void {
  const [only] = parts;
  if (parts.length === 1 && only) response.write(only);
  else if (bytes <= COPY_LIMIT_BYTES) response.write(concatBytes(parts));
  else {
    response.cork();
    for (const part of parts) response.write(part);
    response.uncork();
  }
}
