import { join } from "node:path";
import { isZero } from "../base/bytes.ts";
import { crc32c } from "../base/crc32c.ts";
import type { Disk, DiskFile } from "../ports/disk.ts";
import { WireError } from "../proto/wire-error.ts";
import { decodeRecord, FRAME_HEAD_BYTES, frameSize, RecordType, type WalRecord } from "./record.ts";
import type { SegmentName } from "./segment-name.ts";
import { WalError } from "./wal-error.ts";

/** How much of a segment is in memory at a time; a record that is longer is read whole. */
const WINDOW_BYTES = 1024 * 1024;
/** The unit that a disk writes whole or not at all: etcd's minSectorSize. */
const SECTOR_BYTES = 512;

/** Where the log ends: the chain's value, and the place in the last segment after the last good record. */
export interface LogEnd {
  readonly crc: number;
  readonly offset: number;
  /** Whether a write that was cut short lies behind that place. */
  readonly isTorn: boolean;
}

/** Takes one record with the place where its frame begins; its data is a view that must be copied to be kept long. */
export type RecordVisitor = (record: WalRecord, file: string, offset: number) => void;

/**
 * Reads segments in order and checks the CRC chain through them. The last segment may end in a torn write: in a
 * record that the file is too short for, or in a bad record with an all-zero sector. That is the end of the log.
 * Any other damage is a WalError (etcd storage/wal/decoder.go, repair.go).
 */
export async function replaySegments(
  disk: Disk,
  folder: string,
  segments: readonly SegmentName[],
  visit: RecordVisitor,
): Promise<LogEnd> {
  let end: LogEnd = { crc: 0, offset: 0, isTorn: false };
  for (const [i, segment] of segments.entries()) {
    const file = await disk.open(join(folder, segment.file), "read");
    try {
      end = await replaySegment(file, { isLast: i === segments.length - 1, crc: end.crc }, visit);
    } finally {
      await file.close();
    }
  }
  return end;
}

interface Place {
  readonly isLast: boolean;
  readonly crc: number;
}

async function replaySegment(file: DiskFile, place: Place, visit: RecordVisitor): Promise<LogEnd> {
  const window = new Window(file, await file.size());
  let crc = place.crc;
  let offset = 0;
  for (;;) {
    const frame = await readFrame(window, offset, place.isLast);
    if (frame === "end" || frame === "torn") return { crc, offset, isTorn: frame === "torn" };
    const record = checkRecord(frame, crc);
    if (record === undefined) {
      if (place.isLast && isTorn(frame)) return { crc, offset, isTorn: true };
      throw new WalError("a record does not match its checksum", file.path, offset);
    }
    crc = record.crc;
    if (record.type !== RecordType.Crc) visit(record, file.path, offset);
    offset = frame.end;
  }
}

/** A frame in memory: the record lies in bytes[from, to), padding follows up to `end` in the file. */
interface Frame {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
  readonly padBytes: number;
  readonly offset: number;
  readonly end: number;
}

/** The frame at the offset, or how the log ends there. */
async function readFrame(window: Window, offset: number, isLast: boolean): Promise<Frame | "end" | "torn"> {
  if (offset >= window.size) return "end";
  const left = window.size - offset;
  const torn = (): "torn" => {
    if (isLast) return "torn";
    throw new WalError("a record is cut short", window.path, offset);
  };
  if (left < FRAME_HEAD_BYTES) return torn();
  let at = await window.at(offset, FRAME_HEAD_BYTES);
  const { recordBytes, padBytes } = frameSize(window.bytes, at);
  if (recordBytes === 0 && padBytes === 0) return "end";
  const total = FRAME_HEAD_BYTES + recordBytes + padBytes;
  if (total > left) return torn();
  at = await window.at(offset, total);
  const from = at + FRAME_HEAD_BYTES;
  return { bytes: window.bytes, from, to: from + recordBytes, padBytes, offset, end: offset + total };
}

/** The record with the chain's new value in it, or undefined if it is bad. */
function checkRecord({ bytes, from, to }: Frame, crc: number): WalRecord | undefined {
  const record = tryDecode(bytes, from, to);
  if (record === undefined) return undefined;
  // The first segment that is read continues a chain whose beginning is not at hand: 0 matches anything.
  if (record.type === RecordType.Crc) return crc === 0 || crc === record.crc ? record : undefined;
  return crc32c(record.data, crc) === record.crc ? record : undefined;
}

function tryDecode(bytes: Uint8Array, from: number, to: number): WalRecord | undefined {
  try {
    return decodeRecord(bytes, from, to);
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

/** Whether a sector, or what the frame has of it, was never written. */
function isTorn({ bytes, from, to, padBytes, offset }: Frame): boolean {
  const end = to + padBytes;
  let inFile = offset + FRAME_HEAD_BYTES;
  for (let start = from; start < end;) {
    const length = Math.min(SECTOR_BYTES - (inFile % SECTOR_BYTES), end - start);
    if (isZero(bytes, start, start + length)) return true;
    start += length;
    inFile += length;
  }
  return false;
}

/** The part of a file that is in memory. */
class Window {
  readonly size: number;
  readonly #file: DiskFile;
  #start = 0;
  bytes = new Uint8Array();

  constructor(file: DiskFile, size: number) {
    this.#file = file;
    this.size = size;
  }

  get path(): string {
    return this.#file.path;
  }

  /** Makes [offset, offset + length) present and says where in `bytes` it begins. The file must reach that far. */
  async at(offset: number, length: number): Promise<number> {
    if (offset < this.#start || offset + length > this.#start + this.bytes.length) {
      const wanted = Math.min(Math.max(length, WINDOW_BYTES), this.size - offset);
      this.bytes = new Uint8Array(await this.#file.read(offset, wanted));
      this.#start = offset;
      if (this.bytes.length < length) throw new WalError("the file has become shorter", this.path, offset);
    }
    return offset - this.#start;
  }
}
