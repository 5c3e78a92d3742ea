import type { ConfState, Snapshot, SnapshotMetadata } from "./raft-message.ts";
import { bigVarintSize, lengthDelimitedSize, readNested, varintSize, WireReader, WireWriter } from "./wire.ts";

/**
 * The bytes of raftpb's snapshots and of what they say of the log and of the members, by the rules of `raft-codec.ts`.
 */

/** Thrown away after reading, when the field was absent. */
const NO_CONF_STATE: ConfState = {
  voters: [],
  learners: [],
  votersOutgoing: [],
  learnersNext: [],
  autoLeave: false,
};
const NO_METADATA: SnapshotMetadata = {
  confState: NO_CONF_STATE,
  index: 0,
  term: 0,
};

/** Bytes of a snapshot, without any prefix. */
export function snapshotSize(snapshot: Snapshot): number {
  const metadata = lengthDelimitedSize(metadataSize(snapshot.metadata));
  return snapshot.data === undefined ? metadata : metadata + lengthDelimitedSize(snapshot.data.length);
}

/** Writes a snapshot into a buffer that has room for `snapshotSize`. */
export function writeSnapshot(writer: WireWriter, snapshot: Snapshot): void {
  if (snapshot.data !== undefined) {
    writer.byte(0x0a);
    writer.bytes(snapshot.data);
  }
  writer.byte(0x12);
  writer.varint(metadataSize(snapshot.metadata));
  writeMetadata(writer, snapshot.metadata);
}

/** The bytes of raftpb.Snapshot. */
export function encodeSnapshot(snapshot: Snapshot): Uint8Array {
  const writer = new WireWriter(new Uint8Array(snapshotSize(snapshot)));
  writeSnapshot(writer, snapshot);
  return writer.buffer;
}

/** Reads raftpb.Snapshot. */
export function decodeSnapshot(bytes: Uint8Array): Snapshot {
  return readSnapshot(new WireReader(bytes));
}

/** Reads the rest of the input as raftpb.Snapshot. */
export function readSnapshot(reader: WireReader): Snapshot {
  let data: Uint8Array | undefined;
  let metadata = NO_METADATA;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === 0x0a) data = reader.bytes();
    else if (tag === 0x12) metadata = readNested(reader, readMetadata);
    else reader.skip(tag, 2);
  }
  return { data, metadata };
}

function metadataSize(metadata: SnapshotMetadata): number {
  const confState = lengthDelimitedSize(confStateSize(metadata.confState));
  return confState + 2 + varintSize(metadata.index) + varintSize(metadata.term);
}

function writeMetadata(writer: WireWriter, metadata: SnapshotMetadata): void {
  writer.byte(0x0a);
  writer.varint(confStateSize(metadata.confState));
  writeConfState(writer, metadata.confState);
  writer.byte(0x10);
  writer.varint(metadata.index);
  writer.byte(0x18);
  writer.varint(metadata.term);
}

/** The bytes of raftpb.SnapshotMetadata. */
export function encodeSnapshotMetadata(metadata: SnapshotMetadata): Uint8Array {
  const writer = new WireWriter(new Uint8Array(metadataSize(metadata)));
  writeMetadata(writer, metadata);
  return writer.buffer;
}

/** Reads raftpb.SnapshotMetadata. */
export function decodeSnapshotMetadata(bytes: Uint8Array): SnapshotMetadata {
  return readMetadata(new WireReader(bytes));
}

function readMetadata(reader: WireReader): SnapshotMetadata {
  let confState = NO_CONF_STATE;
  let index = 0;
  let term = 0;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === 0x0a) confState = readNested(reader, readConfState);
    else if (tag === 0x10) index = reader.varint();
    else if (tag === 0x18) term = reader.varint();
    else reader.skip(tag, 3);
  }
  return { confState, index, term };
}

function confStateSize(state: ConfState): number {
  let size = 2;
  for (const ids of [state.voters, state.learners, state.votersOutgoing, state.learnersNext])
    for (const id of ids) size += 1 + bigVarintSize(id);
  return size;
}

function writeConfState(writer: WireWriter, state: ConfState): void {
  const lists = [state.voters, state.learners, state.votersOutgoing, state.learnersNext];
  for (const [i, ids] of lists.entries())
    for (const id of ids) {
      writer.byte((i + 1) << 3);
      writer.bigVarint(id);
    }
  writer.byte(0x28);
  writer.byte(state.autoLeave ? 1 : 0);
}

/** The bytes of raftpb.ConfState. */
export function encodeConfState(state: ConfState): Uint8Array {
  const writer = new WireWriter(new Uint8Array(confStateSize(state)));
  writeConfState(writer, state);
  return writer.buffer;
}

/** Reads raftpb.ConfState. */
export function decodeConfState(bytes: Uint8Array): ConfState {
  return readConfState(new WireReader(bytes));
}

function readConfState(reader: WireReader): ConfState {
  const lists: bigint[][] = [[], [], [], []];
  let autoLeave = false;
  while (!reader.done) {
    const tag = reader.tag();
    const ids = lists[(tag >>> 3) - 1];
    if (ids !== undefined && (tag & 7) === 0) ids.push(reader.bigVarint());
    else if (ids !== undefined && (tag & 7) === 2) pushPacked(reader, ids);
    else if (tag === 0x28) autoLeave = reader.bool();
    else reader.skip(tag, 5);
  }
  const [voters = [], learners = [], votersOutgoing = [], learnersNext = []] = lists;
  return { voters, learners, votersOutgoing, learnersNext, autoLeave };
}

/** etcd writes repeated ids one by one, but every protobuf reader must take the packed form too. */
function pushPacked(reader: WireReader, ids: bigint[]): void {
  const outer = reader.enter();
  while (!reader.done) ids.push(reader.bigVarint());
  reader.leave(outer);
}
