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

/** Who wrote the WAL, and the valid snapshot markers in it, oldest first. */
export async function surveyWal(
  disk: Disk,
  folder: string,
): Promise<WalIdentity & { readonly markers: readonly WalSnapshot[] }> {
  const markers: WalSnapshot[] = [];
  let metadata: Uint8Array | undefined;
  let commit = 0;
  await readWal(disk, folder, (item) => {
    if (item.kind === "metadata") metadata ??= item.metadata;
    else if (item.kind === "snapshot") markers.push(item.snapshot);
    else if (item.kind === "hard-state") commit = item.hardState.commit;
  });
  return {
    ...decodeWalMetadata(must(metadata, "a WAL begins with its metadata")),
    markers: markers.filter((marker) => marker.index <= commit),
  };
}
