import { EntryType } from "../../server/proto/raft-message.ts";
import type { Disk } from "../../server/ports/disk.ts";
import type { WalContents } from "../../server/wal/wal-contents.ts";
import { Wal } from "../../server/wal/wal.ts";

/** The same log that `wal-go write` makes with etcd's package: see test/conformance/wal-go/main.go. */
export async function writeSampleLog(disk: Disk, folder: string, segmentBytes: number, count: number): Promise<void> {
  const wal = await Wal.create(disk, folder, { metadata: new TextEncoder().encode("some metadata"), segmentBytes });
  let [term, isOverwritten] = [1, false];
  for (let index = 1; index <= count; index++) {
    const size = (index * 37) % 2000;
    const at = index;
    const data = index % 7 === 0 ? undefined : Uint8Array.from({ length: size }, (_, i) => i * at);
    const type = [EntryType.Normal, EntryType.ConfChange, EntryType.ConfChangeV2][index % 3] ?? EntryType.Normal;
    const hardState = { term, vote: 0x9ee4bcfe6709567fn, commit: index - 1 };
    await wal.append({ entries: [{ type, term, index, data }], hardState, sync: true });
    if (index === Math.floor(count / 2) && !isOverwritten) {
      const confState = {
        voters: [0x9ee4bcfe6709567fn, 2n],
        learners: [3n],
        votersOutgoing: [],
        learnersNext: [],
        autoLeave: false,
      };
      await wal.append({ entries: [], snapshot: { index: index - 1, term, confState }, sync: true });
      term++;
      index -= 2;
      isOverwritten = true;
    }
  }
  await wal.close();
}

/** What `wal-go read` prints. */
export interface GoContents {
  readonly metadata: string;
  readonly hardState: { readonly term: string; readonly vote: string; readonly commit: string };
  readonly entries: readonly { type: number; term: number; index: number; data: string | null }[];
  readonly snapshots: readonly string[];
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** What a log says, in the form that `wal-go read` prints; markers are left out. */
export function asGoContents({ metadata, hardState, entries }: WalContents): Omit<GoContents, "snapshots"> {
  return {
    metadata: hex(metadata),
    hardState: { term: `${hardState.term}`, vote: `${hardState.vote}`, commit: `${hardState.commit}` },
    entries: entries.map(({ type, term, index, data }) => ({ type, term, index, data: data ? hex(data) : null })),
  };
}
