/**
 * The bytes of a bbolt file (v1.4): pages of one size, little endian. Pages 0 and 1 are metas, which name the
 * root of a tree of buckets; a page may go on over the pages that follow it. Each page begins with a header,
 * then come its elements, then the keys and values that they point to.
 */

/** The size that etcd's files have on most machines, and ours always. */
export const PAGE_BYTES = 4096;
/** Page header: id u64, flags u16, count u16, overflow u32. */
export const PAGE_HEADER_BYTES = 16;
/** Leaf element: flags u32, position u32, key size u32, value size u32. Branch: position, key size, page id u64. */
export const ELEMENT_BYTES = 16;
/** Value of a bucket in the root tree: page id of its root u64, sequence u64. */
export const BUCKET_HEADER_BYTES = 16;
/** A leaf element with this flag is a bucket. */
export const BUCKET_FLAG = 1;
/** More elements than this do not fit the count of a page. */
export const MAX_ELEMENTS = 0xfffe;

/** What a page is. */
export const PageFlag = { Branch: 0x01, Leaf: 0x02, Meta: 0x04 } as const;

const MAGIC = 0xed0cdaed;
const VERSION = 2;
/** The list of free pages is not in the file: etcd runs without it, and a reader of the file works it out. */
const NO_FREELIST = 0xffffffffffffffffn;
const META_BYTES = 80;
const CHECKED_FROM = 16;
const CHECKED_TO = 72;

/** What a meta page says. */
export interface Meta {
  readonly pageBytes: number;
  readonly root: number;
  /** Number of pages: the first id that was never used. */
  readonly pages: number;
  readonly transaction: number;
}

/** The bytes of a meta page, at its id. */
export function encodeMeta(id: number, meta: Meta): Uint8Array {
  const bytes = new Uint8Array(meta.pageBytes);
  const view = new DataView(bytes.buffer);
  writePageHeader(view, 0, { id, flags: PageFlag.Meta, count: 0, overflow: 0 });
  view.setUint32(16, MAGIC, true);
  view.setUint32(20, VERSION, true);
  view.setUint32(24, meta.pageBytes, true);
  setUint64(view, 32, meta.root);
  view.setBigUint64(48, NO_FREELIST, true);
  setUint64(view, 56, meta.pages);
  setUint64(view, 64, meta.transaction);
  view.setBigUint64(72, fnv1a(bytes, CHECKED_FROM, CHECKED_TO), true);
  return bytes;
}

/** Reads a meta page; undefined if it is none or damaged. */
export function decodeMeta(bytes: Uint8Array): Meta | undefined {
  if (bytes.length < META_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  if (view.getUint32(16, true) !== MAGIC || view.getUint32(20, true) !== VERSION) return undefined;
  if (view.getBigUint64(72, true) !== fnv1a(bytes, CHECKED_FROM, CHECKED_TO)) return undefined;
  return {
    pageBytes: view.getUint32(24, true),
    root: getUint64(view, 32),
    pages: getUint64(view, 56),
    transaction: getUint64(view, 64),
  };
}

/** How a page begins. */
export interface PageHeader {
  readonly id: number;
  readonly flags: number;
  readonly count: number;
  /** Pages that this one goes on over. */
  readonly overflow: number;
}

/** Writes a page header at a position. */
export function writePageHeader(view: DataView, at: number, header: PageHeader): void {
  setUint64(view, at, header.id);
  view.setUint16(at + 8, header.flags, true);
  view.setUint16(at + 10, header.count, true);
  view.setUint32(at + 12, header.overflow, true);
}

/** Reads the page header at a position. */
export function readPageHeader(view: DataView, at: number): PageHeader {
  return {
    id: getUint64(view, at),
    flags: view.getUint16(at + 8, true),
    count: view.getUint16(at + 10, true),
    overflow: view.getUint32(at + 12, true),
  };
}

/** A page id or count; those beyond 2^53 come out as a number that no file reaches. */
export function getUint64(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * 0x100000000 + view.getUint32(at, true);
}

/** Writes a page id or count. */
export function setUint64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % 0x100000000, true);
  view.setUint32(at + 4, Math.floor(value / 0x100000000), true);
}

/** The checksum of a meta page: FNV-1a of 64 bits. */
function fnv1a(bytes: Uint8Array, from: number, to: number): bigint {
  let hash = 0xcbf29ce484222325n;
  for (let i = from; i < to; i++) hash = BigInt.asUintN(64, (hash ^ BigInt(bytes[i] ?? 0)) * 0x100000001b3n);
  return hash;
}
