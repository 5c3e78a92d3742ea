import { assert, must } from "../base/assert.ts";
import type { DiskFile } from "../ports/disk.ts";
import {
  BUCKET_FLAG,
  BUCKET_HEADER_BYTES,
  ELEMENT_BYTES,
  encodeMeta,
  MAX_ELEMENTS,
  PAGE_BYTES,
  PAGE_HEADER_BYTES,
  PageFlag,
  setUint64,
  writePageHeader,
} from "./bbolt-format.ts";

/** Pages are gathered and go to the file in writes of about this size. */
const WRITE_BYTES = 1024 * 1024;
/** A bucket whose only leaf is no larger lies in the root itself, as bbolt does it. */
const INLINE_BYTES = PAGE_BYTES / 4;
/** Pages 0 and 1 are the metas. */
const FIRST_PAGE = 2;

/**
 * Writes a bbolt file from rows in key order, bottom up: a page goes out as soon as the one after it is full, and
 * what remains in memory is two pages for each level. Every branch has at least two children, without which bbolt
 * panics in a later deletion. The metas come last, into the gap left at the beginning.
 */
export class BboltWriter {
  readonly #file: DiskFile;
  readonly #root: TreeBuilder;
  #bucket: { readonly name: string; readonly tree: TreeBuilder } | undefined;
  #nextPage = FIRST_PAGE;
  readonly #pages = new PageBuffer();
  #position = FIRST_PAGE * PAGE_BYTES;

  /** The file must be empty. */
  constructor(file: DiskFile) {
    this.#file = file;
    this.#root = new TreeBuilder(this.#place);
  }

  /** Begins the next bucket. Names must ascend; a bucket without rows is written too. */
  beginBucket(name: string): void {
    assert(this.#bucket === undefined || this.#bucket.name < name, "buckets come in the order of their names");
    this.#endBucket();
    this.#bucket = { name, tree: new TreeBuilder(this.#place) };
  }

  /** The next row of the bucket. Keys must ascend; the arrays must not be changed afterwards. */
  add(key: Uint8Array, value: Uint8Array): void {
    assert(key.length > 0, "bbolt has no empty keys");
    must(this.#bucket, "a bucket was begun").tree.add({ key, value, flags: 0, child: 0 });
  }

  /** Waits for the file if enough pages are full. To be called every now and then between rows. */
  async flush(): Promise<void> {
    if (this.#pages.length >= WRITE_BYTES) await this.#write();
  }

  /** Ends the database and returns its size in bytes. It is on disk after a datasync. */
  async finish(): Promise<number> {
    this.#endBucket();
    const rootPage = this.#root.finish();
    const root = this.#place(rootPage);
    await this.#write();
    const meta = { pageBytes: PAGE_BYTES, root, pages: this.#nextPage };
    const metas = [encodeMeta(0, { ...meta, transaction: 2 }), encodeMeta(1, { ...meta, transaction: 1 })];
    await this.#file.write(metas, 0);
    return this.#nextPage * PAGE_BYTES;
  }

  #endBucket(): void {
    if (this.#bucket === undefined) return;
    const page = this.#bucket.tree.finish();
    const isInline = page.flags === PageFlag.Leaf && page.bytes <= INLINE_BYTES;
    const value = new Uint8Array(BUCKET_HEADER_BYTES + (isInline ? page.bytes : 0));
    if (isInline) encodePage(page, 0, value.subarray(BUCKET_HEADER_BYTES));
    else setUint64(new DataView(value.buffer), 0, this.#place(page));
    const key = new TextEncoder().encode(this.#bucket.name);
    this.#root.add({ key, value, flags: BUCKET_FLAG, child: 0 });
    this.#bucket = undefined;
  }

  /** Gives a page its id and hands it on to the file. */
  readonly #place = (page: PageDraft): number => {
    const id = this.#nextPage;
    const pages = Math.ceil(page.bytes / PAGE_BYTES);
    encodePage(page, id, this.#pages.room(pages * PAGE_BYTES));
    this.#nextPage += pages;
    return id;
  };

  async #write(): Promise<void> {
    await this.#file.write(this.#pages.filled(), this.#position);
    this.#position += this.#pages.length;
    this.#pages.clear();
  }
}

/** Memory for pages on their way to the file, used again after each write: a fresh array a page would flood the heap. */
class PageBuffer {
  readonly #first = new Uint8Array(2 * WRITE_BYTES);
  #blocks: { readonly bytes: Uint8Array; used: number }[] = [{ bytes: this.#first, used: 0 }];
  length = 0;

  /** Room for a page that is to be overwritten whole. */
  room(size: number): Uint8Array {
    let block = must(this.#blocks.at(-1));
    if (block.used + size > block.bytes.length) {
      block = { bytes: new Uint8Array(Math.max(size, WRITE_BYTES)), used: 0 };
      this.#blocks.push(block);
    }
    block.used += size;
    this.length += size;
    return block.bytes.subarray(block.used - size, block.used);
  }

  filled(): readonly Uint8Array[] {
    return this.#blocks.map(({ bytes, used }) => bytes.subarray(0, used));
  }

  /** Keeps the first block only: the others were for large values, or for a caller that seldom flushes. */
  clear(): void {
    this.#blocks = [{ bytes: this.#first, used: 0 }];
    this.length = 0;
  }
}

/** An element of a leaf (key, value, flags) or of a branch (first key below, child). */
interface Element {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly flags: number;
  readonly child: number;
}

const NO_VALUE = new Uint8Array();

/** A page that is being filled. */
class PageDraft {
  readonly flags: number;
  readonly elements: Element[] = [];
  bytes = PAGE_HEADER_BYTES;

  constructor(flags: number) {
    this.flags = flags;
  }

  /** Whether one more element belongs here. A branch takes two in any case. */
  hasRoomFor(element: Element): boolean {
    const { length } = this.elements;
    if (length < (this.flags === PageFlag.Branch ? 2 : 1)) return true;
    return length < MAX_ELEMENTS && this.bytes + elementBytes(element) <= PAGE_BYTES;
  }

  add(element: Element): void {
    this.elements.push(element);
    this.bytes += elementBytes(element);
  }

  /** Takes the last element away, for the page that comes after. */
  removeLast(): Element {
    const element = must(this.elements.pop());
    this.bytes -= elementBytes(element);
    return element;
  }
}

function elementBytes({ key, value }: Element): number {
  return ELEMENT_BYTES + key.length + value.length;
}

/** One level of a tree: the page that is being filled, and the full one before it, kept back. */
interface Level {
  current: PageDraft;
  full: PageDraft | undefined;
}

/** Builds one tree from its rows; `place` writes a page and returns its id. */
class TreeBuilder {
  readonly #place: (page: PageDraft) => number;
  readonly #levels: Level[] = [{ current: new PageDraft(PageFlag.Leaf), full: undefined }];

  constructor(place: (page: PageDraft) => number) {
    this.#place = place;
  }

  add(element: Element): void {
    this.#addAt(0, element);
  }

  #addAt(depth: number, element: Element): void {
    const level = (this.#levels[depth] ??= { current: new PageDraft(PageFlag.Branch), full: undefined });
    if (!level.current.hasRoomFor(element)) {
      if (level.full) this.#placeAt(depth, level.full);
      level.full = level.current;
      level.current = new PageDraft(level.full.flags);
    }
    level.current.add(element);
  }

  /** Writes a page and tells the level above. */
  #placeAt(depth: number, page: PageDraft): void {
    const { key } = must(page.elements[0]);
    this.#addAt(depth + 1, { key, value: NO_VALUE, flags: 0, child: this.#place(page) });
  }

  /** Writes all that is left but the root, which it returns. */
  finish(): PageDraft {
    for (let depth = 0; ; depth++) {
      const { current, full } = must(this.#levels[depth]);
      if (full === undefined) return current;
      const pages = lastPages(full, current);
      const [only] = pages;
      if (only && pages.length === 1 && this.#levels[depth + 1] === undefined) return only;
      for (const page of pages) this.#placeAt(depth, page);
    }
  }
}

/** The last two pages of a level, or one if a branch would have but a single child and the one before but two. */
function lastPages(full: PageDraft, last: PageDraft): readonly PageDraft[] {
  if (last.flags === PageFlag.Leaf || last.elements.length > 1) return [full, last];
  if (full.elements.length === 2) {
    full.add(last.removeLast());
    return [full];
  }
  const balanced = new PageDraft(PageFlag.Branch);
  balanced.add(full.removeLast());
  balanced.add(must(last.elements[0]));
  return [full, balanced];
}

/** Elements first, then keys and values one after the other; positions count from each element's own start. */
function encodePage(page: PageDraft, id: number, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const overflow = id === 0 ? 0 : bytes.length / PAGE_BYTES - 1;
  writePageHeader(view, 0, { id, flags: page.flags, count: page.elements.length, overflow });
  let data = PAGE_HEADER_BYTES + page.elements.length * ELEMENT_BYTES;
  for (const [i, { key, value, flags, child }] of page.elements.entries()) {
    const at = PAGE_HEADER_BYTES + i * ELEMENT_BYTES;
    if (page.flags === PageFlag.Leaf) {
      view.setUint32(at, flags, true);
      view.setUint32(at + 4, data - at, true);
      view.setUint32(at + 8, key.length, true);
      view.setUint32(at + 12, value.length, true);
    } else {
      view.setUint32(at, data - at, true);
      view.setUint32(at + 4, key.length, true);
      setUint64(view, at + 8, child);
    }
    bytes.set(key, data);
    bytes.set(value, data + key.length);
    data += key.length + value.length;
  }
  bytes.fill(0, data);
}
