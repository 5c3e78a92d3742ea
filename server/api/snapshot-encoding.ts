import type { SnapshotResponse } from "../proto/gen/rpc_pb.js";
import { bigVarintSize, varintSize, WireWriter } from "../proto/wire.ts";

const TAG = { remainingBytes: 0x10, blob: 0x1a, version: 0x22 } as const;
const encoder = new TextEncoder();

/**
 * A piece of a snapshot on the wire, with one copy of its bytes: the generated codec makes three, and a database in memory
 * three times over keeps the collector of garbage busy. There is no header in it, as in etcd's.
 */
export function encodeSnapshotResponse(response: unknown): Uint8Array {
  const { remainingBytes, blob, version: text } = response as SnapshotResponse;
  const version = encoder.encode(text);
  const size = (remainingBytes === 0n ? 0 : 1 + bigVarintSize(remainingBytes)) + fieldSize(blob) + fieldSize(version);
  const writer = new WireWriter(Buffer.allocUnsafe(size));
  if (remainingBytes !== 0n) {
    writer.byte(TAG.remainingBytes);
    writer.bigVarint(remainingBytes);
  }
  writeField(writer, TAG.blob, blob);
  writeField(writer, TAG.version, version);
  return writer.buffer;
}

function fieldSize({ length }: Uint8Array): number {
  return length === 0 ? 0 : 1 + varintSize(length) + length;
}

function writeField(writer: WireWriter, tag: number, bytes: Uint8Array): void {
  if (bytes.length === 0) return;
  writer.byte(tag);
  writer.bytes(bytes);
}
