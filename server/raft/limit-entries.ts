import { must } from "../base/assert.ts";
import { entrySize } from "../proto/raft-codec.ts";
import type { Entry } from "../proto/raft-message.ts";

/** The longest prefix within `maxSize` wire bytes, but never less than one entry. */
export function limitEntries(entries: readonly Entry[], maxSize: number): readonly Entry[] {
  if (maxSize === Infinity || entries.length <= 1) return entries;
  let size = entrySize(must(entries[0]));
  for (let count = 1; count < entries.length; count++) {
    size += entrySize(must(entries[count]));
    if (size > maxSize) return entries.slice(0, count);
  }
  return entries;
}

/** Wire bytes of the entries. */
export function entriesSize(entries: readonly Entry[]): number {
  let size = 0;
  for (const entry of entries) size += entrySize(entry);
  return size;
}

/** Bytes of the entries' data alone: empty ones, as a new leader appends, count nothing. */
export function payloadSize(entries: readonly Entry[]): number {
  let size = 0;
  for (const entry of entries) size += entry.data?.length ?? 0;
  return size;
}
