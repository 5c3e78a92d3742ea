import type { LeaseId, Revision } from "../base/ids.ts";
import { Slab } from "../base/slab.ts";
import type { KeyValue } from "../proto/gen/kv_pb.js";
import { bigVarintSize, varintSize, WireReader, WireWriter } from "../proto/wire.ts";

/** What a record says about its key besides key and value. */
export interface RecordVersion {
  readonly createRevision: Revision;
  readonly modRevision: Revision;
  readonly version: number;
  readonly lease: LeaseId;
}

const TAG = { key: 0x0a, create: 0x10, mod: 0x18, version: 0x20, value: 0x2a, lease: 0x30 } as const;
const LAST_FIELD = 6;
const EMPTY = new Uint8Array();
const records = new Slab();

/**
 * A record's bytes: mvccpb.KeyValue exactly as Go writes it, zeros left out. HashKV depends on every byte.
 * The array is a part of a slab: many are made, and they live about equally long.
 */
export function encodeRecord(key: Uint8Array, value: Uint8Array, about: RecordVersion): Uint8Array {
  const { createRevision, modRevision, version, lease } = about;
  const size =
    bytesSize(key) +
    counterSize(createRevision) +
    counterSize(modRevision) +
    counterSize(version) +
    bytesSize(value) +
    (lease === 0n ? 0 : 1 + bigVarintSize(lease));
  const writer = new WireWriter(records.take(size));
  writeBytes(writer, TAG.key, key);
  writeCounter(writer, TAG.create, createRevision);
  writeCounter(writer, TAG.mod, modRevision);
  writeCounter(writer, TAG.version, version);
  writeBytes(writer, TAG.value, value);
  if (lease !== 0n) {
    writer.byte(TAG.lease);
    writer.bigVarint(lease);
  }
  return writer.buffer;
}

/** A deletion's record: the key alone. */
export function encodeTombstone(key: Uint8Array): Uint8Array {
  const writer = new WireWriter(new Uint8Array(bytesSize(key)));
  writeBytes(writer, TAG.key, key);
  return writer.buffer;
}

/** The record as a fresh message. Key and value are views on the record. An empty record is an empty message. */
export function decodeRecord(record: Uint8Array): KeyValue {
  const kv: KeyValue = {
    $typeName: "mvccpb.KeyValue",
    key: EMPTY,
    createRevision: 0n,
    modRevision: 0n,
    version: 0n,
    value: EMPTY,
    lease: 0n,
  };
  const reader = new WireReader(record);
  while (!reader.done) readField(reader, kv);
  return kv;
}

/** The value in a record, a view on it. */
export function recordValue(record: Uint8Array): Uint8Array {
  const reader = new WireReader(record);
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === TAG.value) return reader.bytes();
    reader.skip(tag, 0);
  }
  return EMPTY;
}

/** The record as it would be with an empty value; the record itself if it has none. */
export function withoutValue(record: Uint8Array): Uint8Array {
  const value = recordValue(record);
  if (value.length === 0) return record;
  const end = value.byteOffset - record.byteOffset + value.length;
  const start = end - bytesSize(value);
  const rest = new Uint8Array(record.length - (end - start));
  rest.set(record.subarray(0, start));
  rest.set(record.subarray(end), start);
  return rest;
}

function readField(reader: WireReader, kv: KeyValue): void {
  const tag = reader.tag();
  switch (tag) {
    case TAG.key:
      kv.key = reader.bytes();
      return;
    case TAG.create:
      kv.createRevision = BigInt(reader.varint());
      return;
    case TAG.mod:
      kv.modRevision = BigInt(reader.varint());
      return;
    case TAG.version:
      kv.version = BigInt(reader.varint());
      return;
    case TAG.value:
      kv.value = reader.bytes();
      return;
    case TAG.lease:
      kv.lease = BigInt.asIntN(64, reader.bigVarint());
      return;
    default:
      reader.skip(tag, LAST_FIELD);
  }
}

function bytesSize(bytes: Uint8Array): number {
  return bytes.length === 0 ? 0 : 1 + varintSize(bytes.length) + bytes.length;
}

function counterSize(value: number): number {
  return value === 0 ? 0 : 1 + varintSize(value);
}

function writeBytes(writer: WireWriter, tag: number, bytes: Uint8Array): void {
  if (bytes.length === 0) return;
  writer.byte(tag);
  writer.bytes(bytes);
}

function writeCounter(writer: WireWriter, tag: number, value: number): void {
  if (value === 0) return;
  writer.byte(tag);
  writer.varint(value);
}
