import { dirname, join } from "node:path";
import { must } from "../base/assert.ts";
import { isZero } from "../base/bytes.ts";
import type { Index } from "../base/ids.ts";
import type { Disk, DiskFile } from "../ports/disk.ts";
import type { Entry, HardState } from "../proto/raft-message.ts";
import { RecordWriter, type WalSnapshot } from "./record.ts";
import { type LogEnd, replaySegments } from "./replay.ts";
import { type SegmentName, segmentName, segmentsAmong, segmentsFrom } from "./segment-name.ts";
import { SegmentPreparer } from "./segment-preparer.ts";
import { existingSegments, type LogPosition, neededSegments, WalCollector, type WalContents } from "./wal-contents.ts";
import { WalError } from "./wal-error.ts";

/**
 * The write-ahead log, in the files of etcd's package storage/wal: whatever reads etcd's log reads ours.
 * A folder holds segments `<sequence>-<first index>.wal`; each begins with the CRC chain's value so far, the
 * metadata and the hard state, and is cut once it has reached its size. A new log begins with the marker of an
 * empty snapshot. Frames are described in `record.ts`, damage and torn tails in `replay.ts`.
 *
 * A failed write or sync is final: the promise at hand and all later ones reject, and the caller ends the
 * process (design decision 13), because nobody knows what a failed sync has left on the disk.
 */

/** etcd's SegmentSizeBytes. A batch is never split, so a segment may grow beyond it. */
export const SEGMENT_BYTES = 64 * 1000 * 1000;

/** Appends beyond this wait for the next write. */
const MAX_BATCH_BYTES = 8 * 1024 * 1024;

/** How much of a segment is copied at a time. */
const COPY_STEP_BYTES = 1024 * 1024;

/** What goes into the log at once. */
export interface WalAppend {
  readonly entries: readonly Entry[];
  readonly hardState?: HardState | undefined;
  /** Comes before the entries: a snapshot that was received replaces the log up to its index. */
  readonly snapshot?: WalSnapshot | undefined;
  /** Whether it must be on disk when the promise resolves. */
  readonly sync: boolean;
}

/** How a log is written; all have defaults. */
export interface WalOptions {
  readonly segmentBytes?: number | undefined;
  /** Keeps released segments, for tools that want to see the whole history. */
  readonly keepReleasedSegments?: boolean | undefined;
}

interface Waiting {
  readonly append: WalAppend;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** The segment that is written to. */
interface Tail {
  readonly file: DiskFile;
  readonly offset: number;
}

/** What a log knows when it is opened for appending. */
interface Start {
  readonly metadata: Uint8Array;
  readonly hardState: HardState;
  readonly lastIndex: Index;
  readonly segments: readonly SegmentName[];
  readonly tail: Tail;
  readonly crc: number;
}

const EMPTY_STATE: HardState = { term: 0, vote: 0n, commit: 0 };

/** Whether the folder holds a log. */
export async function walExists(disk: Disk, folder: string): Promise<boolean> {
  return (await disk.exists(folder)) && segmentsAmong(await disk.list(folder)).length > 0;
}

/** A log that is open for appending. */
export class Wal {
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #segmentBytes: number;
  readonly #keepReleasedSegments: boolean;
  readonly #preparer: SegmentPreparer;
  readonly #metadata: Uint8Array;
  readonly #writer: RecordWriter;
  #segments: readonly SegmentName[];
  #file: DiskFile;
  #offset: number;
  #hardState: HardState;
  #lastIndex: Index;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  private constructor(disk: Disk, folder: string, start: Start, options: WalOptions) {
    this.#disk = disk;
    this.#folder = folder;
    this.#segmentBytes = options.segmentBytes ?? SEGMENT_BYTES;
    this.#keepReleasedSegments = options.keepReleasedSegments ?? false;
    this.#preparer = new SegmentPreparer(disk, folder, this.#segmentBytes);
    this.#metadata = start.metadata;
    this.#writer = new RecordWriter(start.crc);
    this.#segments = start.segments;
    this.#file = start.tail.file;
    this.#offset = start.tail.offset;
    this.#hardState = start.hardState;
    this.#lastIndex = start.lastIndex;
  }

  /** Makes a log. It is built in a temporary folder beside, and one rename puts it in place. */
  static async create(
    disk: Disk,
    folder: string,
    { metadata, ...options }: WalOptions & { readonly metadata: Uint8Array },
  ): Promise<Wal> {
    if (await walExists(disk, folder)) throw new WalError("there is a log already", folder);
    const building = `${folder}.tmp`;
    await disk.remove(building);
    await disk.makeFolder(building);
    const name = segmentName(0, 0);
    const writer = new RecordWriter(0);
    writer.chain();
    writer.metadata(metadata);
    writer.snapshot({ index: 0, term: 0, confState: undefined });
    const file = await disk.open(join(building, name.file), "create");
    // Sparse, so that a first start is quick; later segments are reserved in the background.
    await file.truncate(options.segmentBytes ?? SEGMENT_BYTES);
    await file.write([writer.bytes], 0);
    await file.datasync();
    await file.close();
    await disk.syncFolder(building);
    await disk.remove(folder);
    await disk.rename(building, folder);
    await disk.syncFolder(dirname(folder));
    const tail = { file: await disk.open(join(folder, name.file), "existing"), offset: writer.length };
    const start = { metadata, hardState: EMPTY_STATE, lastIndex: 0, segments: [name], tail, crc: writer.crc };
    return new Wal(disk, folder, start, options);
  }

  /**
   * Opens a log for appending and reads what it says after the snapshot `from`. A torn tail is cut. Any damage, a
   * missing marker, a gap or a loss of committed entries is a WalError, and then nothing has been changed.
   */
  static async open(
    disk: Disk,
    folder: string,
    { from, ...options }: WalOptions & { readonly from: LogPosition },
  ): Promise<WalContents & { readonly wal: Wal }> {
    const segments = await existingSegments(disk, folder);
    const needed = neededSegments(folder, segments, from.index);
    const collector = new WalCollector(from);
    const end = await replaySegments(disk, folder, needed, collector.visit);
    const contents = collector.finish(folder);
    const last = must(needed.at(-1));
    // The head of a segment is synced before the segment gets its name: without it this is damage, not a torn write.
    if (end.offset === 0) throw new WalError("the head is missing", join(folder, last.file));
    if (end.isTorn) await keepBroken(disk, join(folder, last.file));
    const file = await openTail(disk, join(folder, last.file), end, options.segmentBytes ?? SEGMENT_BYTES);
    const { metadata, hardState } = contents;
    const tail = { file, offset: end.offset };
    const start = { metadata, hardState, lastIndex: collector.lastIndex, segments, tail, crc: end.crc };
    const wal = new Wal(disk, folder, start, options);
    await wal.#preparer.discard();
    return { ...contents, wal };
  }

  /**
   * Appends in the order of the calls. Whatever is handed over while a write is under way goes to disk in the
   * next one, with a single sync. The promise resolves when it is written and, if wished, synced.
   */
  append(append: WalAppend): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure.error);
      this.#waiting.push({ append, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Removes segments that are not needed to read from a snapshot at `index` on, as etcd's ReleaseLockTo and purge. */
  async releaseBelow(index: Index): Promise<void> {
    const needed = segmentsFrom(this.#segments, index);
    if (needed === undefined || this.#keepReleasedSegments) return;
    const released = this.#segments.slice(0, this.#segments.length - needed.length);
    this.#segments = needed;
    for (const segment of released) await this.#disk.remove(join(this.#folder, segment.file));
  }

  /** Waits for what was handed over, syncs it and closes the files. */
  async close(): Promise<void> {
    while (this.#running) await this.#running;
    const failure = this.#failure;
    this.#failure = { error: new WalError("the log is closed", this.#folder) };
    if (!failure) await this.#file.datasync();
    await this.#file.close();
    await this.#preparer.discard();
  }

  async #run(): Promise<void> {
    // Everything that one turn of the caller appends belongs to one batch.
    await Promise.resolve();
    let batch: Waiting[] = [];
    try {
      while (this.#waiting.length > 0) {
        batch = this.#nextBatch();
        await this.#write(batch);
      }
    } catch (error) {
      this.#failure = { error };
      for (const { reject } of [...batch, ...this.#waiting.splice(0)]) reject(error);
    } finally {
      this.#running = undefined;
    }
  }

  /** Encodes what is waiting, up to a named number of bytes. */
  #nextBatch(): Waiting[] {
    let count = 0;
    this.#writer.clear();
    while (count < this.#waiting.length && this.#writer.length < MAX_BATCH_BYTES)
      this.#encode(must(this.#waiting[count++]).append);
    return this.#waiting.splice(0, count);
  }

  #encode({ snapshot, entries, hardState }: WalAppend): void {
    if (snapshot) {
      this.#writer.snapshot(snapshot);
      this.#lastIndex = Math.max(this.#lastIndex, snapshot.index);
    }
    for (const entry of entries) this.#writer.entry(entry);
    this.#lastIndex = entries.at(-1)?.index ?? this.#lastIndex;
    if (hardState) {
      this.#writer.hardState(hardState);
      this.#hardState = hardState;
    }
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    if (this.#writer.length > 0) await this.#file.write([this.#writer.bytes], this.#offset);
    this.#offset += this.#writer.length;
    const isFull = this.#offset >= this.#segmentBytes;
    if (isFull) await this.#file.truncate(this.#offset);
    if (isFull || batch.some(({ append }) => append.sync)) await this.#file.datasync();
    for (const { resolve } of batch) resolve();
    if (isFull) await this.#cut();
    else if (this.#offset > this.#segmentBytes / 2) this.#preparer.start();
  }

  /** Goes on in a new segment. It gets its name only once its head is on disk, so a crash leaves it whole or unseen. */
  async #cut(): Promise<void> {
    await this.#file.close();
    const name = segmentName(must(this.#segments.at(-1)).sequence + 1, this.#lastIndex + 1);
    const writer = this.#writer;
    writer.clear();
    writer.chain();
    writer.metadata(this.#metadata);
    if (!isEmpty(this.#hardState)) writer.hardState(this.#hardState);
    const { file, path } = await this.#preparer.take();
    await file.write([writer.bytes], 0);
    await file.datasync();
    await file.close();
    const finalPath = join(this.#folder, name.file);
    await this.#disk.rename(path, finalPath);
    await this.#disk.syncFolder(this.#folder);
    this.#file = await this.#disk.open(finalPath, "existing");
    this.#offset = writer.length;
    this.#segments = [...this.#segments, name];
  }
}

/** A copy of a segment as a torn write has left it, for whoever wants to look into it: `<segment>.broken`, as etcd's. */
async function keepBroken(disk: Disk, path: string): Promise<void> {
  const copy = `${path}.broken`;
  await disk.remove(copy);
  const [from, to] = [await disk.open(path, "read"), await disk.open(copy, "create")];
  try {
    const size = await from.size();
    await to.truncate(size);
    for (let at = 0; at < size; at += COPY_STEP_BYTES) {
      const bytes = await from.read(at, COPY_STEP_BYTES);
      // What was only reserved stays a hole.
      if (!isZero(bytes, 0, bytes.length)) await to.write([bytes], at);
    }
    await to.datasync();
  } finally {
    await from.close();
    await to.close();
  }
}

/** The last segment with zeros after its last good record: what a torn write has left must not meet new frames. */
async function openTail(disk: Disk, path: string, end: LogEnd, segmentBytes: number): Promise<DiskFile> {
  const file = await disk.open(path, "existing");
  await file.truncate(end.offset);
  await file.truncate(Math.max(end.offset, segmentBytes));
  await file.datasync();
  return file;
}

function isEmpty({ term, vote, commit }: HardState): boolean {
  return term === 0 && vote === 0n && commit === 0;
}
