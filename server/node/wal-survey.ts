import { must } from "../base/assert.ts";
import type { ClusterId, NodeId } from "../base/ids.ts";
import type { Disk } from "../ports/disk.ts";
import { bigVarintSize, WireReader, WireWriter } from "../proto/wire.ts";
import type { WalSnapshot } from "../wal/record.ts";
import { readWal } from "../wal/wal-contents.ts";

/** Who wrote a WAL: the record at the head of each of its segments. */
export interface WalIdentity {
  readonly selfId: NodeId;
  readonly clusterId: ClusterId;
}

/** etcd's Metadata message: 1 NodeID, 2 ClusterID, both always written. */
export function encodeWalMetadata({ selfId, clusterId }: WalIdentity): Uint8Array {
  const writer = new WireWriter(new Uint8Array(2 + bigVarintSize(selfId) + bigVarintSize(clusterId)));
  writer.byte(0x08);
  writer.bigVarint(selfId);
  writer.byte(0x10);
  writer.bigVarint(clusterId);
  return writer.buffer;
}

/** Reads what `encodeWalMetadata` wrote. */
export function decodeWalMetadata(bytes: Uint8Array): WalIdentity {
  const reader = new WireReader(bytes);
  let selfId = 0n;
  let clusterId = 0n;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === 0x08) selfId = reader.bigVarint();
    else if (tag === 0x10) clusterId = reader.bigVarint();
    else reader.skip(tag, 2);
  }
  return { selfId, clusterId };
}

/** What a WAL says at a glance. */
export interface WalSurvey extends WalIdentity {
  /** The valid snapshot markers, oldest first. */
  readonly markers: readonly WalSnapshot[];
  /** There is a term: the member may have promised something. Without one its first start ended before its first entries were written. */
  readonly hasBegun: boolean;
}

/** Who wrote the WAL, and how far it goes. */
export async function surveyWal(disk: Disk, folder: string): Promise<WalSurvey> {
  const markers: WalSnapshot[] = [];
  let metadata: Uint8Array | undefined;
  let commit = 0;
  let term = 0;
  await readWal(disk, folder, (item) => {
    if (item.kind === "metadata") metadata ??= item.metadata;
    else if (item.kind === "snapshot") markers.push(item.snapshot);
    else if (item.kind === "hard-state") ({ commit, term } = item.hardState);
  });
  return {
    ...decodeWalMetadata(must(metadata, "a WAL begins with its metadata")),
    markers: markers.filter((marker) => marker.index <= commit),
    hasBegun: term > 0,
  };
}
