import type { Index } from "../base/ids.ts";

/** A segment file: its place in the sequence and the index of the first entry that may be in it. */
export interface SegmentName {
  readonly file: string;
  readonly sequence: number;
  readonly firstIndex: Index;
}

const PATTERN = /^([0-9a-f]{16})-([0-9a-f]{16})\.wal$/;

/** etcd's name of a segment: two numbers of 16 hexadecimal digits. */
export function segmentName(sequence: number, firstIndex: Index): SegmentName {
  return { file: `${hex(sequence)}-${hex(firstIndex)}.wal`, sequence, firstIndex };
}

function hex(value: number): string {
  return value.toString(16).padStart(16, "0");
}

/** The segments among the files of a folder, oldest first; other files are left out. */
export function segmentsAmong(files: readonly string[]): SegmentName[] {
  return files
    .map((file) => PATTERN.exec(file))
    .filter((match) => match !== null)
    .map(([file, sequence = "", firstIndex = ""]) => ({
      file,
      sequence: Number.parseInt(sequence, 16),
      firstIndex: Number.parseInt(firstIndex, 16),
    }))
    .toSorted((a, b) => a.sequence - b.sequence);
}

/**
 * The segments that are needed to read all entries after `index`, and the marker of a snapshot at `index`.
 * First indexes may step back where a new leader has overwritten entries, so the newest segment that starts at
 * or before `index` counts. Undefined if all of them start later.
 */
export function segmentsFrom(segments: readonly SegmentName[], index: Index): SegmentName[] | undefined {
  const first = segments.findLastIndex((segment) => segment.firstIndex <= index);
  return first < 0 ? undefined : segments.slice(first);
}
