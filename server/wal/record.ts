import { assert } from "../base/assert.ts";
import { crc32c } from "../base/crc32c.ts";
import type { Index, Term } from "../base/ids.ts";
import { decodeConfState, encodeConfState } from "../proto/raft-codec-snapshot.ts";
import { encodeHardState, entrySize, writeEntry } from "../proto/raft-codec.ts";
import type { ConfState, Entry, HardState } from "../proto/raft-message.ts";
import { varintSize, WireReader, WireWriter } from "../proto/wire.ts";

/**
 * Records and frames of etcd's WAL. A frame is 8 bytes of length, a record, and zeros up to the next multiple of
 * 8, so that a length never lies across two sectors. The length is little endian; its low 56 bits count the
 * record's bytes; if there is padding, the highest bit is set and the next-lower bits of the top byte count it.
 * A record is walpb.Record: 1 type, 2 CRC-32C over the data of all records so far, 3 data.
 */
export const RecordType = { Metadata: 1, Entry: 2, State: 3, Crc: 4, Snapshot: 5 } as const;

/** Bytes of a frame before the record. */
export const FRAME_HEAD_BYTES = 8;

/** The marker that a snapshot at this place in the log is on disk; only the very first one has no ConfState. */
export interface WalSnapshot {
  readonly index: Index;
  readonly term: Term;
  readonly confState: ConfState | undefined;
}

/** One record as it was read. */
export interface WalRecord {
  readonly type: number;
  readonly crc: number;
  readonly data: Uint8Array;
}

/** Tag and one-byte type, tag and longest CRC, tag of the data: what precedes the length of the data at most. */
const RECORD_HEAD_BYTES = 2 + 1 + 5 + 1;
const NO_DATA = new Uint8Array();
/** A buffer that one large batch has grown beyond this is not kept. */
const KEPT_BUFFER_BYTES = 4 * 1024 * 1024;
const FIRST_BUFFER_BYTES = 64 * 1024;

/** Gathers the frames of one batch in one buffer that it reuses, and carries the CRC chain from batch to batch. */
export class RecordWriter {
  #writer = new WireWriter(new Uint8Array(FIRST_BUFFER_BYTES));
  #length = 0;
  #crc: number;

  constructor(crc: number) {
    this.#crc = crc;
  }

  /** The chain's value after all records so far. */
  get crc(): number {
    return this.#crc;
  }

  /** Bytes gathered so far. */
  get length(): number {
    return this.#length;
  }

  /** The batch: valid until `clear`. */
  get bytes(): Uint8Array {
    return this.#writer.buffer.subarray(0, this.#length);
  }

  /** Begins the next batch. */
  clear(): void {
    this.#length = 0;
    if (this.#writer.buffer.length > KEPT_BUFFER_BYTES)
      this.#writer = new WireWriter(new Uint8Array(FIRST_BUFFER_BYTES));
  }

  entry(entry: Entry): void {
    const size = entrySize(entry);
    writeEntry(this.#beginData(size), entry);
    this.#end(RecordType.Entry, size);
  }

  hardState(state: HardState): void {
    this.#data(RecordType.State, encodeHardState(state));
  }

  metadata(metadata: Uint8Array): void {
    this.#data(RecordType.Metadata, metadata);
  }

  snapshot(snapshot: WalSnapshot): void {
    this.#data(RecordType.Snapshot, encodeWalSnapshot(snapshot));
  }

  /** Opens a segment: from here on the chain continues what the segment before has ended with. */
  chain(): void {
    this.#reserve(FRAME_HEAD_BYTES + RECORD_HEAD_BYTES + 7);
    this.#writer.position = this.#length + FRAME_HEAD_BYTES;
    this.#head(RecordType.Crc);
    this.#frame();
  }

  #data(type: number, data: Uint8Array): void {
    this.#beginData(data.length).raw(data);
    this.#end(type, data.length);
  }

  /** Places the writer where the data belongs if the CRC takes its usual 5 bytes. */
  #beginData(size: number): WireWriter {
    const head = FRAME_HEAD_BYTES + RECORD_HEAD_BYTES + varintSize(size);
    this.#reserve(head + size + 7);
    this.#writer.position = this.#length + head;
    return this.#writer;
  }

  #end(type: number, size: number): void {
    const writer = this.#writer;
    const start = this.#length + FRAME_HEAD_BYTES + RECORD_HEAD_BYTES + varintSize(size);
    this.#crc = crc32c(writer.buffer, this.#crc, start, start + size);
    const shift = 5 - varintSize(this.#crc);
    if (shift > 0) writer.buffer.copyWithin(start - shift, start, start + size);
    writer.position = this.#length + FRAME_HEAD_BYTES;
    this.#head(type);
    writer.byte(0x1a);
    writer.varint(size);
    writer.position += size;
    this.#frame();
  }

  #head(type: number): void {
    this.#writer.byte(0x08);
    this.#writer.byte(type);
    this.#writer.byte(0x10);
    this.#writer.varint(this.#crc);
  }

  /** Pads the record that ends at the writer's position and puts its length in front. */
  #frame(): void {
    const { buffer, position } = this.#writer;
    const recordBytes = position - this.#length - FRAME_HEAD_BYTES;
    const padBytes = -recordBytes & 7;
    const view = new DataView(buffer.buffer, buffer.byteOffset + this.#length, FRAME_HEAD_BYTES);
    view.setUint32(0, recordBytes, true);
    view.setUint32(4, padBytes === 0 ? 0 : (0x80 | padBytes) << 24, true);
    buffer.fill(0, position, position + padBytes);
    this.#length = position + padBytes;
  }

  #reserve(bytes: number): void {
    const { buffer } = this.#writer;
    if (this.#length + bytes <= buffer.length) return;
    const larger = new Uint8Array(Math.max(this.#length + bytes, buffer.length * 2));
    larger.set(buffer.subarray(0, this.#length));
    this.#writer = new WireWriter(larger);
  }
}

/** Reads a frame's length. */
export function frameSize(bytes: Uint8Array, position: number): { recordBytes: number; padBytes: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset + position, FRAME_HEAD_BYTES);
  const top = view.getUint32(4, true);
  const recordBytes = (top & 0x00ffffff) * 0x100000000 + view.getUint32(0, true);
  return { recordBytes, padBytes: top >>> 31 === 1 ? (top >>> 24) & 7 : 0 };
}

/** Reads the record in [from, to); a WireError if it is none. */
export function decodeRecord(bytes: Uint8Array, from: number, to: number): WalRecord {
  const reader = new WireReader(bytes, from, to);
  let type = 0;
  let crc = 0;
  let data: Uint8Array = NO_DATA;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === 0x08) type = reader.varint();
    else if (tag === 0x10) crc = reader.varint();
    else if (tag === 0x1a) data = reader.bytes();
    else reader.skip(tag, 3);
  }
  return { type, crc, data };
}

function encodeWalSnapshot({ index, term, confState }: WalSnapshot): Uint8Array {
  assert(confState !== undefined || index === 0, "the marker of a snapshot carries its ConfState");
  const state = confState && encodeConfState(confState);
  const stateSize = state ? 1 + varintSize(state.length) + state.length : 0;
  const writer = new WireWriter(new Uint8Array(2 + varintSize(index) + varintSize(term) + stateSize));
  writer.byte(0x08);
  writer.varint(index);
  writer.byte(0x10);
  writer.varint(term);
  if (state) {
    writer.byte(0x1a);
    writer.bytes(state);
  }
  return writer.buffer;
}

/** Reads the data of a snapshot record (walpb.Snapshot). */
export function decodeWalSnapshot(bytes: Uint8Array): WalSnapshot {
  const reader = new WireReader(bytes);
  let index = 0;
  let term = 0;
  let confState: ConfState | undefined;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === 0x08) index = reader.varint();
    else if (tag === 0x10) term = reader.varint();
    else if (tag === 0x1a) confState = decodeConfState(reader.bytes());
    else reader.skip(tag, 3);
  }
  return { index, term, confState };
}
