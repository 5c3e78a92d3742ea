import type { Revision } from "../base/ids.ts";
import { KEY_PREFIX } from "../backend/buckets.ts";

/** Names one stored record: the transaction (`main`), the change within it (`sub`), and whether it is a deletion. */
export interface RevisionKey {
  readonly main: Revision;
  readonly sub: number;
  readonly isTombstone: boolean;
}

/** Length of a put's row key: main, `_`, sub, both numbers as 8 bytes big-endian. */
export const REVISION_BYTES = 17;
/** Length of a deletion's row key: as a put's, with a `t` at the end. */
export const TOMBSTONE_BYTES = 18;

const SEPARATOR = 0x5f;
const TOMBSTONE_MARK = 0x74;

/** etcd's row key of a record. */
export function encodeRevision(main: Revision, sub: number, isTombstone: boolean): Uint8Array {
  const row = new Uint8Array(isTombstone ? TOMBSTONE_BYTES : REVISION_BYTES);
  writeRevision(row, 0, main, sub, isTombstone);
  return row;
}

/** Where a record lies in the store: the prefix of bucket `key`, then the row key. */
export function rowKey({ main, sub, isTombstone }: RevisionKey): Uint8Array {
  const row = new Uint8Array(1 + (isTombstone ? TOMBSTONE_BYTES : REVISION_BYTES));
  row[0] = KEY_PREFIX;
  writeRevision(row, 1, main, sub, isTombstone);
  return row;
}

function writeRevision(into: Uint8Array, position: number, main: Revision, sub: number, isTombstone: boolean): void {
  writeUint64(into, position, main);
  into[position + 8] = SEPARATOR;
  writeUint64(into, position + 9, sub);
  if (isTombstone) into[position + 17] = TOMBSTONE_MARK;
}

/** The revision in a row key that starts at `position`; undefined if the bytes are none. */
export function decodeRevision(row: Uint8Array, position = 0): RevisionKey | undefined {
  const length = row.length - position;
  const isTombstone = length === TOMBSTONE_BYTES && row[position + 17] === TOMBSTONE_MARK;
  if ((length !== REVISION_BYTES && !isTombstone) || row[position + 8] !== SEPARATOR) return undefined;
  return { main: readUint64(row, position), sub: readUint64(row, position + 9), isTombstone };
}

/** The order of row keys: by main, then by sub. */
export function compareRevisions(a: RevisionKey, b: RevisionKey): number {
  return a.main - b.main || a.sub - b.sub;
}

function writeUint64(into: Uint8Array, position: number, value: number): void {
  const high = Math.floor(value / 0x100000000);
  into[position] = high >>> 24;
  into[position + 1] = high >>> 16;
  into[position + 2] = high >>> 8;
  into[position + 3] = high;
  into[position + 4] = value >>> 24;
  into[position + 5] = value >>> 16;
  into[position + 6] = value >>> 8;
  into[position + 7] = value;
}

function readUint64(from: Uint8Array, position: number): number {
  return readUint32(from, position) * 0x100000000 + readUint32(from, position + 4);
}

function readUint32(from: Uint8Array, position: number): number {
  const [a, b, c, d] = [from[position], from[position + 1], from[position + 2], from[position + 3]];
  return (((a as number) << 24) | ((b as number) << 16) | ((c as number) << 8) | (d as number)) >>> 0;
}
