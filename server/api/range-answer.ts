import { toBinary } from "@bufbuild/protobuf";
import { assert } from "../base/assert.ts";
import { atOnce, type Slices } from "../base/slices.ts";
import { keyValues, type RangeFrame } from "../mvcc/range-plan.ts";
import { withoutValue } from "../mvcc/record-codec.ts";
import type { KeyValue } from "../proto/gen/kv_pb.js";
import {
  ResponseHeaderSchema,
  RangeResponseSchema,
  type RangeResponse,
  type ResponseHeader,
} from "../proto/gen/rpc_pb.js";
import { varintSize, WireWriter } from "../proto/wire.ts";

/** Records encoded between two turns of the event loop, and bytes of them. */
const SLICE_RECORDS = 2000;
const SLICE_BYTES = 2 * 1024 * 1024;
const TAG = { header: 0x0a, kvs: 0x12, more: 0x18, count: 0x20 } as const;

/**
 * The answer to a range. A stored record is, byte for byte, the KeyValue that goes over the wire, so the answer is put
 * together from records as they are; they are decoded only for those who look into `kvs`.
 */
export class RangeAnswer implements RangeResponse {
  readonly $typeName = "etcdserverpb.RangeResponse";
  header: ResponseHeader;
  readonly more: boolean;
  readonly count: bigint;
  readonly #frame: RangeFrame;
  readonly #records: readonly Uint8Array[];
  #kvs: KeyValue[] | undefined;
  #wire: Uint8Array | undefined;

  /** The records in their order, none of them beyond the limit. */
  constructor(frame: RangeFrame, records: readonly Uint8Array[]) {
    this.#frame = frame;
    this.#records = records;
    this.header = frame.header;
    this.more = frame.more;
    this.count = BigInt(frame.count);
  }

  get kvs(): KeyValue[] {
    return (this.#kvs ??= keyValues(this.#frame, this.#records));
  }

  /** The message on the wire; its header must be complete. */
  get wire(): Uint8Array {
    if (this.#wire) return this.#wire;
    atOnce(this.encodeInSlices());
    assert(this.#wire !== undefined, "a range that has been encoded has its bytes");
    return this.#wire;
  }

  /** Makes `wire` with pauses, for answers that are large. */
  *encodeInSlices(): Slices<void> {
    const records = this.#frame.isKeysOnly ? yield* stripped(this.#records) : this.#records;
    const header = toBinary(ResponseHeaderSchema, this.header);
    let size = 1 + varintSize(header.length) + header.length;
    for (const { length } of records) size += 1 + varintSize(length) + length;
    if (this.more) size += 2;
    if (this.count !== 0n) size += 1 + varintSize(this.#frame.count);
    const writer = new WireWriter(Buffer.allocUnsafe(size));
    writer.byte(TAG.header);
    writer.bytes(header);
    yield* written(writer, records);
    if (this.more) {
      writer.byte(TAG.more);
      writer.byte(1);
    }
    if (this.count !== 0n) {
      writer.byte(TAG.count);
      writer.varint(this.#frame.count);
    }
    assert(writer.position === size, "a range is as long as was computed");
    this.#wire = writer.buffer;
  }
}

/** The codec of Range's answers: those that are no RangeAnswer are encoded as every message is. */
export function encodeRangeResponse(response: unknown): Uint8Array {
  return response instanceof RangeAnswer ? response.wire : toBinary(RangeResponseSchema, response as RangeResponse);
}

function* written(writer: WireWriter, records: readonly Uint8Array[]): Slices<void> {
  let sliceStart = writer.position;
  let sliceRecords = 0;
  for (const record of records) {
    writer.byte(TAG.kvs);
    writer.bytes(record);
    if (++sliceRecords < SLICE_RECORDS && writer.position - sliceStart < SLICE_BYTES) continue;
    yield;
    sliceStart = writer.position;
    sliceRecords = 0;
  }
}

function* stripped(records: readonly Uint8Array[]): Slices<readonly Uint8Array[]> {
  const all: Uint8Array[] = [];
  for (const record of records) {
    all.push(withoutValue(record));
    if (all.length % SLICE_RECORDS === 0) yield;
  }
  return all;
}
