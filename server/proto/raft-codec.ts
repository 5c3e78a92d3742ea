import { readSnapshot, snapshotSize, writeSnapshot } from "./raft-codec-snapshot.ts";
import { type Entry, EntryType, type HardState, type Message, MessageType } from "./raft-message.ts";
import { WireError } from "./wire-error.ts";
import { bigVarintSize, lengthDelimitedSize, readNested, varintSize, WireReader, WireWriter } from "./wire.ts";

/**
 * The bytes of raftpb, equal to those of etcd (raft v3.6.0): scalars are written even when zero, byte strings
 * unless they are undefined, repeated numbers one by one, all in ascending order of their field numbers.
 * Tags appear as the byte `field << 3 | wire type`. Byte strings that are read are views on the input.
 */

/** Bytes of an entry, without any prefix. */
export function entrySize(entry: Entry): number {
  const fixed = 4 + varintSize(entry.term) + varintSize(entry.index);
  return entry.data === undefined ? fixed : fixed + lengthDelimitedSize(entry.data.length);
}

/** Writes an entry into a buffer that has room for `entrySize`. */
export function writeEntry(writer: WireWriter, entry: Entry): void {
  writer.byte(0x08);
  writer.byte(entry.type);
  writer.byte(0x10);
  writer.varint(entry.term);
  writer.byte(0x18);
  writer.varint(entry.index);
  if (entry.data !== undefined) {
    writer.byte(0x22);
    writer.bytes(entry.data);
  }
}

/** The bytes of raftpb.Entry. */
export function encodeEntry(entry: Entry): Uint8Array {
  const writer = new WireWriter(new Uint8Array(entrySize(entry)));
  writeEntry(writer, entry);
  return writer.buffer;
}

/** Reads raftpb.Entry. */
export function decodeEntry(bytes: Uint8Array): Entry {
  return readEntry(new WireReader(bytes));
}

function readEntry(reader: WireReader): Entry {
  let type = 0;
  let term = 0;
  let index = 0;
  let data: Uint8Array | undefined;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === 0x08) type = reader.varint();
    else if (tag === 0x10) term = reader.varint();
    else if (tag === 0x18) index = reader.varint();
    else if (tag === 0x22) data = reader.bytes();
    else reader.skip(tag, 4);
  }
  if (!isEntryType(type)) throw new WireError(`unknown entry type ${type}`);
  return { type, term, index, data };
}

/** Bytes of a message, without any prefix. */
export function messageSize(message: Message): number {
  let size = 12 + bigVarintSize(message.to) + bigVarintSize(message.from) + varintSize(message.term);
  size += varintSize(message.logTerm) + varintSize(message.index) + varintSize(message.commit);
  size += varintSize(message.rejectHint) + bigVarintSize(message.vote);
  for (const entry of message.entries) size += lengthDelimitedSize(entrySize(entry));
  if (message.snapshot !== undefined) size += lengthDelimitedSize(snapshotSize(message.snapshot));
  if (message.context !== undefined) size += lengthDelimitedSize(message.context.length);
  for (const response of message.responses) size += lengthDelimitedSize(messageSize(response));
  return size;
}

/** Writes a message into a buffer that has room for `messageSize`. */
export function writeMessage(writer: WireWriter, message: Message): void {
  writer.byte(0x08);
  writer.byte(message.type);
  writer.byte(0x10);
  writer.bigVarint(message.to);
  writer.byte(0x18);
  writer.bigVarint(message.from);
  writer.byte(0x20);
  writer.varint(message.term);
  writer.byte(0x28);
  writer.varint(message.logTerm);
  writer.byte(0x30);
  writer.varint(message.index);
  for (const entry of message.entries) {
    writer.byte(0x3a);
    writer.varint(entrySize(entry));
    writeEntry(writer, entry);
  }
  writer.byte(0x40);
  writer.varint(message.commit);
  if (message.snapshot !== undefined) {
    writer.byte(0x4a);
    writer.varint(snapshotSize(message.snapshot));
    writeSnapshot(writer, message.snapshot);
  }
  writer.byte(0x50);
  writer.byte(message.reject ? 1 : 0);
  writer.byte(0x58);
  writer.varint(message.rejectHint);
  writeMessageEnd(writer, message);
}

function writeMessageEnd(writer: WireWriter, message: Message): void {
  if (message.context !== undefined) {
    writer.byte(0x62);
    writer.bytes(message.context);
  }
  writer.byte(0x68);
  writer.bigVarint(message.vote);
  for (const response of message.responses) {
    writer.byte(0x72);
    writer.varint(messageSize(response));
    writeMessage(writer, response);
  }
}

/** The bytes of raftpb.Message. */
export function encodeMessage(message: Message): Uint8Array {
  const writer = new WireWriter(new Uint8Array(messageSize(message)));
  writeMessage(writer, message);
  return writer.buffer;
}

/** Reads raftpb.Message. */
export function decodeMessage(bytes: Uint8Array): Message {
  return readMessage(new WireReader(bytes));
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function readMessage(reader: WireReader): Message {
  const entries: Entry[] = [];
  const responses: Message[] = [];
  const message: Mutable<Message> = {
    type: 0,
    to: 0n,
    from: 0n,
    term: 0,
    logTerm: 0,
    index: 0,
    entries,
    commit: 0,
    snapshot: undefined,
    reject: false,
    rejectHint: 0,
    context: undefined,
    vote: 0n,
    responses,
  };
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === 0x3a) entries.push(readNested(reader, readEntry));
    else if (tag === 0x72) responses.push(readNested(reader, readMessage));
    else readMessageField(reader, tag, message);
  }
  return message;
}

function readMessageField(reader: WireReader, tag: number, message: Mutable<Message>): void {
  switch (tag) {
    case 0x08:
      message.type = messageType(reader.varint());
      return;
    case 0x10:
      message.to = reader.bigVarint();
      return;
    case 0x18:
      message.from = reader.bigVarint();
      return;
    case 0x20:
      message.term = reader.varint();
      return;
    case 0x28:
      message.logTerm = reader.varint();
      return;
    case 0x30:
      message.index = reader.varint();
      return;
    case 0x40:
      message.commit = reader.varint();
      return;
    case 0x4a:
      message.snapshot = readNested(reader, readSnapshot);
      return;
    case 0x50:
      message.reject = reader.bool();
      return;
    case 0x58:
      message.rejectHint = reader.varint();
      return;
    case 0x62:
      message.context = reader.bytes();
      return;
    case 0x68:
      message.vote = reader.bigVarint();
      return;
    default:
      reader.skip(tag, 14);
  }
}

function messageType(type: number): MessageType {
  if (!isMessageType(type)) throw new WireError(`unknown message type ${type}`);
  return type;
}

function isEntryType(type: number): type is EntryType {
  return type <= EntryType.ConfChangeV2;
}

function isMessageType(type: number): type is MessageType {
  return type <= MessageType.ForgetLeader;
}

/** The bytes of raftpb.HardState. */
export function encodeHardState(state: HardState): Uint8Array {
  const size = 3 + varintSize(state.term) + bigVarintSize(state.vote) + varintSize(state.commit);
  const writer = new WireWriter(new Uint8Array(size));
  writer.byte(0x08);
  writer.varint(state.term);
  writer.byte(0x10);
  writer.bigVarint(state.vote);
  writer.byte(0x18);
  writer.varint(state.commit);
  return writer.buffer;
}

/** Reads raftpb.HardState. */
export function decodeHardState(bytes: Uint8Array): HardState {
  const reader = new WireReader(bytes);
  let term = 0;
  let vote = 0n;
  let commit = 0;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === 0x08) term = reader.varint();
    else if (tag === 0x10) vote = reader.bigVarint();
    else if (tag === 0x18) commit = reader.varint();
    else reader.skip(tag, 3);
  }
  return { term, vote, commit };
}
