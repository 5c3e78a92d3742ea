import { assert } from "../base/assert.ts";
import { WireError } from "./wire-error.ts";

/**
 * Protobuf's wire format for the hand-written codecs of hot messages. Writing is in two steps, size and
 * bytes, so that a message with all its nested messages goes straight into one buffer of the right length.
 */

/** Wire types of protobuf that are in use; groups are refused. */
export const WireType = {
  Varint: 0,
  Fixed64: 1,
  Bytes: 2,
  Fixed32: 5,
} as const;

/** Splits a bigint into halves and joins it again without making more bigints. */
const scratch = new DataView(new ArrayBuffer(8));

/** Bytes of a counter as varint. */
export function varintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  if (value < 0x10000000) return 4;
  if (value < 0x800000000) return 5;
  if (value < 0x40000000000) return 6;
  return value < 0x2000000000000 ? 7 : 8;
}

/** Bytes of a 64-bit id as varint; negative ids count as their two's complement. */
export function bigVarintSize(value: bigint): number {
  scratch.setBigUint64(0, value);
  const high = scratch.getUint32(0);
  return high === 0 ? varintSize(scratch.getUint32(4)) : bigSize(high);
}

function bigSize(high: number): number {
  if (high < 0x8) return 5;
  if (high < 0x400) return 6;
  if (high < 0x20000) return 7;
  if (high < 0x1000000) return 8;
  return high < 0x80000000 ? 9 : 10;
}

/** Writes fields one after the other into a buffer that the caller has sized. */
export class WireWriter {
  readonly buffer: Uint8Array;
  /** Where the next byte goes. */
  position: number;

  constructor(buffer: Uint8Array, position = 0) {
    this.buffer = buffer;
    this.position = position;
  }

  /** One byte as it is: a tag below 0x80, a bool, a small enum. */
  byte(value: number): void {
    this.buffer[this.position++] = value;
  }

  varint(value: number): void {
    assert(value >= 0 && Number.isSafeInteger(value), "a counter is a safe, non-negative integer");
    let rest = value;
    for (; rest >= 0x80000000; rest = Math.floor(rest / 128)) this.buffer[this.position++] = (rest % 128) | 0x80;
    for (; rest >= 0x80; rest >>>= 7) this.buffer[this.position++] = (rest & 0x7f) | 0x80;
    this.buffer[this.position++] = rest;
  }

  bigVarint(value: bigint): void {
    scratch.setBigUint64(0, value);
    let high = scratch.getUint32(0);
    let low = scratch.getUint32(4);
    for (; high !== 0; high >>>= 7) {
      this.buffer[this.position++] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
    }
    for (; low >= 0x80; low >>>= 7) this.buffer[this.position++] = (low & 0x7f) | 0x80;
    this.buffer[this.position++] = low;
  }

  /** Length and content of a bytes field. */
  bytes(value: Uint8Array): void {
    this.varint(value.length);
    this.raw(value);
  }

  /** Content only. */
  raw(value: Uint8Array): void {
    // Below some dozen bytes a loop is faster than the call into the engine.
    if (value.length > 32) this.buffer.set(value, this.position);
    else for (let i = 0; i < value.length; i++) this.buffer[this.position + i] = value[i] ?? 0;
    this.position += value.length;
  }
}

/** Reads fields one after the other. Byte strings that it hands out are views on its buffer, never copies. */
export class WireReader {
  readonly #buffer: Uint8Array;
  #position: number;
  #end: number;

  constructor(buffer: Uint8Array, position = 0, end = buffer.length) {
    this.#buffer = buffer;
    this.#position = position;
    this.#end = end;
  }

  /** Whether the message (or the nested message just entered) has ended. */
  get done(): boolean {
    return this.#position >= this.#end;
  }

  /** The next field's number and wire type: `number << 3 | type`. */
  tag(): number {
    const tag = this.varint();
    if (tag < 8 || tag > 0xffffffff) throw new WireError(`illegal tag ${tag}`);
    return tag;
  }

  /** A counter; numbers beyond 2^53 are refused. */
  varint(): number {
    const first = this.#next();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    let factor = 128;
    for (let i = 1; i < 8; i++) {
      const byte = this.#next();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return safe(value);
      factor *= 128;
    }
    throw new WireError("a counter exceeds 2^53");
  }

  /** All 64 bits, unsigned. */
  bigVarint(): bigint {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#next();
      if (shift < 28) low |= (byte & 0x7f) << shift;
      else if (shift === 28) {
        low |= (byte & 0x7f) << 28;
        high = (byte & 0x7f) >>> 4;
      } else high |= (byte & 0x7f) << (shift - 32);
      if (byte < 0x80) {
        scratch.setInt32(0, high);
        scratch.setInt32(4, low);
        return scratch.getBigUint64(0);
      }
    }
    throw new WireError("a varint is longer than 10 bytes");
  }

  bool(): boolean {
    return this.bigVarint() !== 0n;
  }

  bytes(): Uint8Array {
    const length = this.#length();
    const start = this.#position;
    this.#position += length;
    return new Uint8Array(this.#buffer.buffer, this.#buffer.byteOffset + start, length);
  }

  /** Narrows the reader to the nested message that follows; give the result to `leave` once it is done. */
  enter(): number {
    const length = this.#length();
    const outerEnd = this.#end;
    this.#end = this.#position + length;
    return outerEnd;
  }

  leave(outerEnd: number): void {
    this.#end = outerEnd;
  }

  /** Passes over a field that the reader does not know. Fields up to `lastKnown` must have come with another wire type. */
  skip(tag: number, lastKnown: number): void {
    if (tag >>> 3 <= lastKnown) throw new WireError(`field ${tag >>> 3} cannot have wire type ${tag & 7}`);
    switch (tag & 7) {
      case WireType.Varint:
        this.bigVarint();
        return;
      case WireType.Fixed64:
        return this.#advance(8);
      case WireType.Bytes:
        return this.#advance(this.#length());
      case WireType.Fixed32:
        return this.#advance(4);
      default:
        throw new WireError(`illegal wire type ${tag & 7}`);
    }
  }

  #advance(length: number): void {
    if (length > this.#end - this.#position) throw new WireError("a field is cut short");
    this.#position += length;
  }

  #length(): number {
    const length = this.varint();
    if (length > this.#end - this.#position) throw new WireError("a field is cut short");
    return length;
  }

  #next(): number {
    if (this.#position >= this.#end) throw new WireError("a varint is cut short");
    return this.#buffer[this.#position++] ?? 0;
  }
}

function safe(value: number): number {
  if (!Number.isSafeInteger(value)) throw new WireError("a counter exceeds 2^53");
  return value;
}

/** Reads a length-delimited message with its own reader function, and goes on behind it. */
export function readNested<T>(reader: WireReader, read: (reader: WireReader) => T): T {
  const outer = reader.enter();
  const value = read(reader);
  reader.leave(outer);
  return value;
}

/** Bytes of a length-delimited field with a one-byte tag. */
export function lengthDelimitedSize(length: number): number {
  return 1 + varintSize(length) + length;
}
