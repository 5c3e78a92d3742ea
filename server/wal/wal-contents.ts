import { assert } from "../base/assert.ts";
import { equalBytes } from "../base/bytes.ts";
import type { Index, Term } from "../base/ids.ts";
import type { Disk } from "../ports/disk.ts";
import { decodeEntry, decodeHardState, encodeHardState } from "../proto/raft-codec.ts";
import type { Entry, HardState } from "../proto/raft-message.ts";
import { WireError } from "../proto/wire-error.ts";
import { decodeWalSnapshot, RecordType, type WalRecord, type WalSnapshot } from "./record.ts";
import { type LogEnd, replaySegments } from "./replay.ts";
import { type SegmentName, segmentsAmong, segmentsFrom } from "./segment-name.ts";
import { WalError } from "./wal-error.ts";

/** What a record says, decoded. */
export type WalItem =
  | { readonly kind: "metadata"; readonly metadata: Uint8Array }
  | { readonly kind: "entry"; readonly entry: Entry }
  | { readonly kind: "hard-state"; readonly hardState: HardState }
  | { readonly kind: "snapshot"; readonly snapshot: WalSnapshot };

/** Where reading begins: a snapshot that the log has the marker of. The log's own beginning is {0, 0}. */
export interface LogPosition {
  readonly index: Index;
  readonly term: Term;
}

/** What a log says after a snapshot. */
export interface WalContents {
  readonly metadata: Uint8Array;
  readonly hardState: HardState;
  /** Consecutive from the snapshot on; some of the last may not be committed. */
  readonly entries: readonly Entry[];
  /** Markers in the segments read that are no newer than the commit index: their snapshots are valid. */
  readonly snapshots: readonly WalSnapshot[];
}

/**
 * Reads all items of a log one after the other, without changing anything and in bounded memory; a torn tail is
 * its end. Byte strings may be views on what was read. Entries come as they were written: a later one replaces all from its index on.
 */
export async function readWal(disk: Disk, folder: string, visit: (item: WalItem) => void): Promise<LogEnd> {
  const segments = withoutGap(folder, await existingSegments(disk, folder));
  return replaySegments(disk, folder, segments, (record, file, offset) => visit(decodeItem(record, file, offset)));
}

/** The markers of all valid snapshots: those no newer than the commit index, oldest first. */
export async function readSnapshotMarkers(disk: Disk, folder: string): Promise<readonly WalSnapshot[]> {
  const snapshots: WalSnapshot[] = [];
  let commit = 0;
  await readWal(disk, folder, (item) => {
    if (item.kind === "snapshot") snapshots.push(item.snapshot);
    else if (item.kind === "hard-state") commit = item.hardState.commit;
  });
  return snapshots.filter((snapshot) => snapshot.index <= commit);
}

/** All segments of the folder, oldest first; a WalError if there is none. */
export async function existingSegments(disk: Disk, folder: string): Promise<readonly SegmentName[]> {
  const segments = segmentsAmong(await disk.list(folder));
  if (segments.length === 0) throw new WalError("there is no segment", folder);
  return segments;
}

/** The segments needed to read from an index on, without a gap in their sequence. */
export function neededSegments(folder: string, segments: readonly SegmentName[], from: Index): readonly SegmentName[] {
  const needed = segmentsFrom(segments, from);
  if (needed === undefined) throw new WalError(`no segment goes back to index ${from}`, folder);
  return withoutGap(folder, needed);
}

function withoutGap(folder: string, segments: readonly SegmentName[]): readonly SegmentName[] {
  const first = segments[0]?.sequence ?? 0;
  for (const [i, segment] of segments.entries())
    if (segment.sequence !== first + i) throw new WalError(`segment ${first + i} is missing`, folder);
  return segments;
}

/** The checksum covers the data but not the type of a record: a damaged type shows here, if at all. */
function decodeItem(record: WalRecord, file: string, offset: number): WalItem {
  try {
    return decodeByType(record, file, offset);
  } catch (error) {
    if (error instanceof WireError)
      throw new WalError("a record does not fit its type", file, offset, { cause: error });
    throw error;
  }
}

function decodeByType({ type, data }: WalRecord, file: string, offset: number): WalItem {
  switch (type) {
    case RecordType.Metadata:
      return { kind: "metadata", metadata: data.slice() };
    case RecordType.Entry:
      return { kind: "entry", entry: decodeEntry(data) };
    case RecordType.State: {
      const hardState = decodeHardState(data);
      // An entry would pass for a hard state, too, but for the bytes that a hard state does not have.
      if (!equalBytes(encodeHardState(hardState), data)) throw new WireError("it is no hard state");
      return { kind: "hard-state", hardState };
    }
    case RecordType.Snapshot:
      return { kind: "snapshot", snapshot: decodeWalSnapshot(data) };
    default:
      throw new WalError(`unknown record type ${type}`, file, offset);
  }
}

/** Puts the items of a log together, as they are read from the snapshot `from` on. */
export class WalCollector {
  readonly #from: LogPosition;
  #metadata: Uint8Array | undefined;
  #hardState: HardState = { term: 0, vote: 0n, commit: 0 };
  readonly #entries: Entry[] = [];
  readonly #snapshots: WalSnapshot[] = [];
  #isMarkerFound = false;
  /** The index after which a new segment begins: of the last entry or, if it is ahead, of the last snapshot. */
  lastIndex: Index = 0;

  constructor(from: LogPosition) {
    this.#from = from;
  }

  readonly visit = (record: WalRecord, file: string, offset: number): void => {
    const item = decodeItem(record, file, offset);
    switch (item.kind) {
      case "metadata":
        if (this.#metadata && !equalBytes(this.#metadata, item.metadata))
          throw new WalError("the metadata differs from that of an earlier segment", file, offset);
        this.#metadata = item.metadata;
        return;
      case "hard-state":
        this.#hardState = item.hardState;
        return;
      case "snapshot":
        return this.#takeSnapshot(item.snapshot, file, offset);
      case "entry":
        return this.#takeEntry(item.entry, file, offset);
    }
  };

  #takeSnapshot(snapshot: WalSnapshot, file: string, offset: number): void {
    this.#snapshots.push(snapshot);
    this.lastIndex = Math.max(this.lastIndex, snapshot.index);
    if (snapshot.index !== this.#from.index) return;
    if (snapshot.term !== this.#from.term)
      throw new WalError(
        `the snapshot at ${snapshot.index} has term ${snapshot.term}, not ${this.#from.term}`,
        file,
        offset,
      );
    this.#isMarkerFound = true;
  }

  #takeEntry(entry: Entry, file: string, offset: number): void {
    this.lastIndex = entry.index;
    const place = entry.index - this.#from.index - 1;
    if (place < 0) return;
    if (place > this.#entries.length) throw new WalError(`entry ${entry.index} follows a gap`, file, offset);
    this.#entries.length = place;
    this.#entries.push(entry);
  }

  /** Everything, once all has been read; `folder` is for the errors. */
  finish(folder: string): WalContents {
    const { index, term } = this.#from;
    const last = index + this.#entries.length;
    const { commit } = this.#hardState;
    if (!this.#isMarkerFound) throw new WalError(`there is no snapshot at index ${index}, term ${term}`, folder);
    if (commit > last) throw new WalError(`entries ${last + 1} to ${commit} were committed but are lost`, folder);
    assert(this.#metadata, "a segment that was read whole has metadata");
    const snapshots = this.#snapshots.filter((snapshot) => snapshot.index <= commit);
    return { metadata: this.#metadata, hardState: this.#hardState, entries: this.#entries, snapshots };
  }
}
