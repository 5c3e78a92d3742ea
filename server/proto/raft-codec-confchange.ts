import { must } from "../base/assert.ts";
import {
  type ConfChange,
  type ConfChangeSingle,
  ConfChangeTransition,
  ConfChangeType,
  type ConfChangeV2,
} from "./raft-message.ts";
import { bigVarintSize, varintSize, WireReader, WireWriter } from "./wire.ts";

/**
 * The bytes of raftpb's membership changes, which are the data of log entries: scalars are written even when
 * zero, the context unless it is undefined. Tags appear as the byte `field << 3 | wire type`.
 */

/** The data of an entry of type ConfChange. */
export function encodeConfChange(change: ConfChange): Uint8Array {
  const size = 4 + bigVarintSize(change.id) + bigVarintSize(change.nodeId) + contextSize(change.context);
  const writer = new WireWriter(new Uint8Array(size));
  writer.byte(0x08);
  writer.bigVarint(change.id);
  writer.byte(0x10);
  writer.byte(change.type);
  writer.byte(0x18);
  writer.bigVarint(change.nodeId);
  writeContext(writer, 0x22, change.context);
  return writer.buffer;
}

/** The data of an entry of type ConfChangeV2. */
export function encodeConfChangeV2(change: ConfChangeV2): Uint8Array {
  let size = 2 + contextSize(change.context);
  for (const single of change.changes) size += 2 + singleSize(single);
  const writer = new WireWriter(new Uint8Array(size));
  writer.byte(0x08);
  writer.byte(change.transition);
  for (const single of change.changes) {
    writer.byte(0x12);
    writer.byte(singleSize(single));
    writer.byte(0x08);
    writer.byte(single.type);
    writer.byte(0x10);
    writer.bigVarint(single.nodeId);
  }
  writeContext(writer, 0x1a, change.context);
  return writer.buffer;
}

/** Reads a ConfChange; absent fields have their zero value. */
export function decodeConfChange(bytes: Uint8Array = new Uint8Array()): ConfChange {
  const reader = new WireReader(bytes);
  let id = 0n;
  let type: ConfChangeType = ConfChangeType.AddNode;
  let nodeId = 0n;
  let context: Uint8Array | undefined;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === 0x08) id = reader.bigVarint();
    else if (tag === 0x10) type = changeType(reader.varint());
    else if (tag === 0x18) nodeId = reader.bigVarint();
    else if (tag === 0x22) context = reader.bytes();
    else reader.skip(tag, 4);
  }
  return { id, type, nodeId, context };
}

/** Reads a ConfChangeV2; no bytes at all mean "leave the joint configuration". */
export function decodeConfChangeV2(bytes: Uint8Array = new Uint8Array()): ConfChangeV2 {
  const reader = new WireReader(bytes);
  let transition: ConfChangeTransition = ConfChangeTransition.Auto;
  const changes: ConfChangeSingle[] = [];
  let context: Uint8Array | undefined;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === 0x08) transition = transitionOf(reader.varint());
    else if (tag === 0x12) changes.push(readSingle(reader));
    else if (tag === 0x1a) context = reader.bytes();
    else reader.skip(tag, 3);
  }
  return { transition, changes, context };
}

function readSingle(reader: WireReader): ConfChangeSingle {
  let type: ConfChangeType = ConfChangeType.AddNode;
  let nodeId = 0n;
  const outer = reader.enter();
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === 0x08) type = changeType(reader.varint());
    else if (tag === 0x10) nodeId = reader.bigVarint();
    else reader.skip(tag, 2);
  }
  reader.leave(outer);
  return { type, nodeId };
}

function singleSize(single: ConfChangeSingle): number {
  return 3 + bigVarintSize(single.nodeId);
}

function contextSize(context: Uint8Array | undefined): number {
  return context === undefined ? 0 : 1 + varintSize(context.length) + context.length;
}

function writeContext(writer: WireWriter, tag: number, context: Uint8Array | undefined): void {
  if (context === undefined) return;
  writer.byte(tag);
  writer.bytes(context);
}

function changeType(value: number): ConfChangeType {
  return must(
    Object.values(ConfChangeType).find((known) => known === value),
    "the type of a committed membership change is known",
  );
}

function transitionOf(value: number): ConfChangeTransition {
  return must(
    Object.values(ConfChangeTransition).find((known) => known === value),
    "the transition of a committed membership change is known",
  );
}
