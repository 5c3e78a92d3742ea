import { assert } from "../base/assert.ts";
import { concatBytes } from "../base/bytes.ts";
import { NO_NODE, type Index, type NodeId, type Term } from "../base/ids.ts";
import { decodeEntry, decodeMessage, entrySize, messageSize, writeEntry, writeMessage } from "../proto/raft-codec.ts";
import { type Entry, type Message, MessageType } from "../proto/raft-message.ts";
import { WireError } from "../proto/wire-error.ts";
import { WireWriter } from "../proto/wire.ts";
import { makeMessage } from "../raft/make-message.ts";

/**
 * The framings of etcd's two peer streams. `message` is a length and a raftpb.Message; `msgappv2` leaves out
 * whatever of an append both ends can foretell. Lengths and counts are 8 bytes, big endian.
 * Chunks of the stream carry no meaning: a decoder takes them as they come.
 */

/** The longest frame that is accepted, as etcd's message decoder has it; more closes the stream. */
export const MAX_FRAME_BYTES = 512 * 1024 * 1024;

/** Kinds of msgappv2 frames: their first byte. */
const LINK_HEARTBEAT = 0;
const APPEND_ENTRIES = 1;
const WHOLE_MESSAGE = 2;

/** Keeps an idle msgappv2 stream alive. */
export const MSGAPP_LINK_HEARTBEAT: Uint8Array = Uint8Array.of(LINK_HEARTBEAT);

/** Keeps an idle message stream alive: a heartbeat from and to nobody. */
export const MESSAGE_LINK_HEARTBEAT: Uint8Array = encodeMessageFrame(
  makeMessage({ type: MessageType.Heartbeat, to: NO_NODE }),
);

/** One frame of the message stream; also the envelope that opens the body of a snapshot transfer. */
export function encodeMessageFrame(message: Message): Uint8Array {
  const size = messageSize(message);
  const frame = frameWriter(8 + size);
  writeLength(frame, size);
  writeMessage(frame, message);
  return frame.buffer;
}

/**
 * The entries of appends as they stand in frames, so that followers who get the same entries in one turn share one
 * encoding. Entries are told apart by the identity of their objects: one log hands out the same ones to everybody.
 */
export class EncodedEntries {
  readonly #byLast = new Map<Entry, { readonly first: Entry | undefined; readonly bytes: Uint8Array }>();

  /** A frame up to its commit index. */
  of(entries: readonly Entry[]): Uint8Array {
    const [first] = entries;
    const last = entries.at(-1);
    const known = last && this.#byLast.get(last);
    if (known && known.first === first) return known.bytes;
    const bytes = encodeEntries(entries);
    if (last) this.#byLast.set(last, { first, bytes });
    return bytes;
  }
}

function encodeEntries(entries: readonly Entry[]): Uint8Array {
  let size = 1 + 8;
  for (const entry of entries) size += 8 + entrySize(entry);
  const frame = frameWriter(size);
  frame.byte(APPEND_ENTRIES);
  writeLength(frame, entries.length);
  for (const entry of entries) {
    writeLength(frame, entrySize(entry));
    writeEntry(frame, entry);
  }
  return frame.buffer;
}

/** Writes one msgappv2 stream: a fresh one for each connection, because both ends count from zero. */
export class MsgAppEncoder {
  #term: Term = 0;
  #index: Index = 0;

  /** The frame in parts, of which some may be shared with other streams: not to be changed. */
  encode(message: Message, shared: EncodedEntries): readonly Uint8Array[] {
    assert(message.type === MessageType.App, "the msgappv2 stream carries appends only");
    const { index, logTerm, term, entries, commit } = message;
    const foreseen = index === this.#index && logTerm === this.#term && logTerm === term;
    if (!foreseen) return [this.#encodeWhole(message)];
    this.#index += entries.length;
    const end = frameWriter(8);
    writeLength(end, commit);
    return [shared.of(entries), end.buffer];
  }

  #encodeWhole(message: Message): Uint8Array {
    const size = messageSize(message);
    const frame = frameWriter(1 + 8 + size);
    frame.byte(WHOLE_MESSAGE);
    writeLength(frame, size);
    writeMessage(frame, message);
    this.#term = message.term;
    this.#index = message.entries.at(-1)?.index ?? message.index;
    return frame.buffer;
  }
}

/** What a frame reader found at a position: a frame with its end, or how many bytes it needs at least. */
type Found =
  | { readonly end: number; readonly message: Message | undefined }
  | { readonly end: undefined; readonly needed: number };

/** Gathers chunks until whole frames can be read from one buffer. */
class FrameGatherer {
  #chunks: Uint8Array[] = [];
  #length = 0;
  #needed = 1;

  /** All messages whose last byte has come; they may hold views on the chunks. */
  push(chunk: Uint8Array, read: (buffer: Uint8Array, start: number) => Found): Message[] {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    const messages: Message[] = [];
    if (this.#length < this.#needed) return messages;
    const buffer = this.#chunks.length === 1 ? chunk : concatBytes(this.#chunks);
    let position = 0;
    this.#needed = 1;
    while (position < buffer.length) {
      const found = read(buffer, position);
      if (found.end === undefined) {
        if (found.needed > MAX_FRAME_BYTES) throw new WireError(`a frame exceeds ${MAX_FRAME_BYTES} bytes`);
        this.#needed = found.needed;
        break;
      }
      if (found.message !== undefined) messages.push(found.message);
      position = found.end;
    }
    this.#length = buffer.length - position;
    this.#chunks = this.#length === 0 ? [] : [buffer.subarray(position)];
    return messages;
  }
}

/** Reads one message stream. Link heartbeats are passed over. A WireError means: close the connection. */
export class MessageDecoder {
  readonly #gatherer = new FrameGatherer();

  push(chunk: Uint8Array): Message[] {
    return this.#gatherer.push(chunk, readMessageFrame);
  }
}

function readMessageFrame(buffer: Uint8Array, start: number): Found {
  const body = readBody(buffer, start, start);
  if (typeof body === "number") return { end: undefined, needed: body };
  const message = decodeMessage(body);
  const isLinkHeartbeat = message.type === MessageType.Heartbeat && message.from === 0n && message.to === 0n;
  return {
    end: start + 8 + body.length,
    message: isLinkHeartbeat ? undefined : message,
  };
}

/** Reads one msgappv2 stream: a fresh one for each connection. A WireError means: close the connection. */
export class MsgAppDecoder {
  readonly #gatherer = new FrameGatherer();
  readonly #local: NodeId;
  readonly #remote: NodeId;
  #term: Term = 0;
  #index: Index = 0;

  constructor(ends: { readonly local: NodeId; readonly remote: NodeId }) {
    this.#local = ends.local;
    this.#remote = ends.remote;
  }

  push(chunk: Uint8Array): Message[] {
    return this.#gatherer.push(chunk, (buffer, start) => this.#read(buffer, start));
  }

  #read(buffer: Uint8Array, start: number): Found {
    const kind: number = buffer[start] ?? LINK_HEARTBEAT;
    switch (kind) {
      case LINK_HEARTBEAT:
        return { end: start + 1, message: undefined };
      case APPEND_ENTRIES:
        return this.#readEntries(buffer, start);
      case WHOLE_MESSAGE:
        return this.#readWhole(buffer, start);
      default:
        throw new WireError(`unknown frame kind ${kind} in a msgappv2 stream`);
    }
  }

  #readEntries(buffer: Uint8Array, start: number): Found {
    let position = start + 1;
    const count = readLength(buffer, position);
    if (count === undefined) return { end: undefined, needed: position + 8 - start };
    position += 8;
    const entries: Entry[] = [];
    while (entries.length < count) {
      const body = readBody(buffer, start, position);
      if (typeof body === "number") return { end: undefined, needed: body };
      entries.push(decodeEntry(body));
      position += 8 + body.length;
    }
    const commit = readLength(buffer, position);
    if (commit === undefined) return { end: undefined, needed: position + 8 - start };
    const message = this.#rebuilt(entries, commit);
    this.#index += count;
    return { end: position + 8, message };
  }

  /** The append that both ends could foretell, but for its entries and its commit index. */
  #rebuilt(entries: readonly Entry[], commit: Index): Message {
    return {
      type: MessageType.App,
      to: this.#local,
      from: this.#remote,
      term: this.#term,
      logTerm: this.#term,
      index: this.#index,
      entries,
      commit,
      snapshot: undefined,
      reject: false,
      rejectHint: 0,
      context: undefined,
      vote: 0n,
      responses: [],
    };
  }

  #readWhole(buffer: Uint8Array, start: number): Found {
    const body = readBody(buffer, start, start + 1);
    if (typeof body === "number") return { end: undefined, needed: body };
    const message = decodeMessage(body);
    this.#term = message.term;
    this.#index = message.entries.at(-1)?.index ?? message.index;
    return { end: start + 9 + body.length, message };
  }
}

function frameWriter(size: number): WireWriter {
  return new WireWriter(new Uint8Array(size));
}

function writeLength(writer: WireWriter, value: number): void {
  const view = new DataView(writer.buffer.buffer, writer.buffer.byteOffset);
  view.setUint32(writer.position, Math.floor(value / 0x100000000));
  view.setUint32(writer.position + 4, value % 0x100000000);
  writer.position += 8;
}

function readLength(buffer: Uint8Array, position: number): number | undefined {
  if (buffer.length - position < 8) return undefined;
  const view = new DataView(buffer.buffer, buffer.byteOffset);
  const value = view.getUint32(position) * 0x100000000 + view.getUint32(position + 4);
  if (!Number.isSafeInteger(value)) throw new WireError("a length exceeds 2^53");
  return value;
}

/** The length-prefixed bytes at `position`, or how many bytes the frame from `start` on needs at least. */
function readBody(buffer: Uint8Array, start: number, position: number): Uint8Array | number {
  const length = readLength(buffer, position);
  if (length === undefined) return position + 8 - start;
  const from = position + 8;
  if (length > buffer.length - from) return from + length - start;
  return buffer.subarray(from, from + length);
}
