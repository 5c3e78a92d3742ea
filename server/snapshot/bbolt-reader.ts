import { compareBytes } from "../base/bytes.ts";
import type { DiskFile } from "../ports/disk.ts";
import {
  BUCKET_FLAG,
  BUCKET_HEADER_BYTES,
  decodeMeta,
  ELEMENT_BYTES,
  getUint64,
  type Meta,
  PAGE_HEADER_BYTES,
  PageFlag,
  readPageHeader,
} from "./bbolt-format.ts";
import { SnapshotError } from "./snapshot-error.ts";

/** One key with its value; both are views on a page that was read for this row and its neighbours. */
export type BboltRow = readonly [key: Uint8Array, value: Uint8Array];

/** Page sizes that a file may have been written with, the most likely one first. */
const PAGE_SIZES = [4096, 8192, 16384, 32768, 65536, 2048, 1024];
/** A tree is never deeper: four levels hold two million pages. */
const MAX_DEPTH = 32;
/** Pages of one tree often follow each other: the read-ahead doubles up to here while they do. */
const MAX_READ_AHEAD_BYTES = 1024 * 1024;

/**
 * Reads the buckets of a bbolt file in key order. Only pages that the root leads to are looked at, because the
 * others hold leftovers of earlier transactions. Memory is bounded by one page for each level of the tree and
 * the read-ahead. Whatever breaks the format is a SnapshotError.
 */
export class BboltReader {
  /** Bytes of the database, that is without a trailer. */
  readonly databaseBytes: number;
  readonly #file: DiskFile;
  readonly #meta: Meta;
  #readAhead: { start: number; bytes: Uint8Array } = { start: 0, bytes: new Uint8Array() };
  #readAheadBytes = 0;

  private constructor(file: DiskFile, meta: Meta) {
    this.#file = file;
    this.#meta = meta;
    this.databaseBytes = meta.pages * meta.pageBytes;
  }

  /** Whether a file begins as a database does; what follows may still be damaged. */
  static async isDatabase(file: DiskFile): Promise<boolean> {
    return (await readMetas(file)).length > 0;
  }

  static async open(file: DiskFile): Promise<BboltReader> {
    const metas = await readMetas(file);
    const newest = metas.toSorted((a, b) => b.transaction - a.transaction)[0];
    if (newest === undefined) throw new SnapshotError("it is not a bbolt database", file.path);
    const reader = new BboltReader(file, newest);
    const size = await file.size();
    if (size < reader.databaseBytes)
      throw new SnapshotError(`it has ${size} bytes of ${reader.databaseBytes}: it is cut short`, file.path);
    return reader;
  }

  /** The names of all buckets, in order. */
  async buckets(): Promise<readonly string[]> {
    const names: string[] = [];
    for await (const bucket of this.#buckets()) names.push(bucket.name);
    return names;
  }

  /** The rows of a bucket, a page at a time; none if there is no such bucket. */
  async *rows(name: string): AsyncGenerator<readonly BboltRow[]> {
    for await (const bucket of this.#buckets())
      if (bucket.name === name) {
        for await (const leaf of this.#bucketLeaves(bucket.value)) yield this.#plainRows(leaf);
        return;
      }
  }

  async *#buckets(): AsyncGenerator<{ readonly name: string; readonly value: Uint8Array }> {
    for await (const leaf of this.#leaves(this.#meta.root))
      for (let i = 0; i < leaf.count; i++) {
        const [key, value] = leaf.row(i);
        if (leaf.rowFlags(i) !== BUCKET_FLAG || value.length < BUCKET_HEADER_BYTES)
          throw this.#broken("the root holds something else than buckets");
        yield { name: new TextDecoder().decode(key), value };
      }
  }

  #bucketLeaves(value: Uint8Array): AsyncGenerator<Page> {
    const view = new DataView(value.buffer, value.byteOffset);
    const root = getUint64(view, 0);
    return root === 0 ? this.#inlineLeaf(value.subarray(BUCKET_HEADER_BYTES)) : this.#leaves(root);
  }

  /** A small bucket is one leaf in the value itself. */
  async *#inlineLeaf(bytes: Uint8Array): AsyncGenerator<Page> {
    const page = new Page(bytes, (reason) => this.#broken(`inline bucket: ${reason}`));
    if (page.flags !== PageFlag.Leaf) throw this.#broken("an inline bucket is no leaf");
    yield page;
  }

  #plainRows(leaf: Page): readonly BboltRow[] {
    const rows: BboltRow[] = [];
    for (let i = 0; i < leaf.count; i++) {
      if (leaf.rowFlags(i) !== 0) throw this.#broken("a bucket lies within a bucket");
      rows.push(leaf.row(i));
    }
    return rows;
  }

  /** All leaves below a page from left to right, with their keys checked to ascend throughout. */
  async *#leaves(root: number): AsyncGenerator<Page> {
    const path: { page: Page; next: number }[] = [{ page: await this.#page(root), next: 0 }];
    let last: Uint8Array | undefined;
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      if (top.page.flags === PageFlag.Leaf) {
        last = this.#checkAscending(top.page, last);
        yield top.page;
        path.pop();
      } else if (top.next === top.page.count) path.pop();
      else if (path.length === MAX_DEPTH) throw this.#broken("the tree is too deep");
      else path.push({ page: await this.#page(top.page.child(top.next++)), next: 0 });
    }
  }

  #checkAscending(leaf: Page, before: Uint8Array | undefined): Uint8Array | undefined {
    let last = before;
    for (let i = 0; i < leaf.count; i++) {
      const key = leaf.row(i)[0];
      if (last !== undefined && compareBytes(last, key) >= 0) throw this.#broken("keys are out of order");
      last = key;
    }
    return last;
  }

  async #page(id: number): Promise<Page> {
    const { pageBytes, pages } = this.#meta;
    if (id < 2 || id >= pages) throw this.#broken(`page ${id} is out of range`);
    let bytes = await this.#read(id * pageBytes, pageBytes);
    const header = readPageHeader(new DataView(bytes.buffer, bytes.byteOffset), 0);
    if (header.id !== id) throw this.#broken(`page ${id} calls itself ${header.id}`);
    if (header.flags !== PageFlag.Leaf && header.flags !== PageFlag.Branch)
      throw this.#broken(`page ${id} is neither a leaf nor a branch`);
    if (id + header.overflow >= pages) throw this.#broken(`page ${id} goes beyond the end`);
    if (header.overflow > 0) bytes = await this.#read(id * pageBytes, (1 + header.overflow) * pageBytes);
    return new Page(bytes, (reason) => this.#broken(`page ${id}: ${reason}`));
  }

  async #read(position: number, length: number): Promise<Uint8Array> {
    let { start, bytes } = this.#readAhead;
    const isAhead = position >= start && position + length <= start + bytes.length;
    if (!isAhead) {
      const isNext = position >= start && position <= start + bytes.length;
      this.#readAheadBytes = isNext ? Math.min(2 * this.#readAheadBytes, MAX_READ_AHEAD_BYTES) : 0;
      bytes = await this.#file.read(position, Math.max(length, this.#readAheadBytes));
      this.#readAheadBytes = Math.max(length, this.#readAheadBytes);
      start = position;
      this.#readAhead = { start, bytes };
      if (bytes.length < length) throw this.#broken("it has become shorter");
    }
    return bytes.subarray(position - start, position - start + length);
  }

  #broken(reason: string): SnapshotError {
    return new SnapshotError(reason, this.#file.path);
  }
}

/** A logical page with all that it goes on over. */
class Page {
  readonly flags: number;
  readonly count: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #broken: (reason: string) => SnapshotError;

  constructor(bytes: Uint8Array, broken: (reason: string) => SnapshotError) {
    if (bytes.length < PAGE_HEADER_BYTES) throw broken("it is cut short");
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#broken = broken;
    const header = readPageHeader(this.#view, 0);
    this.flags = header.flags;
    this.count = header.count;
    if (PAGE_HEADER_BYTES + this.count * ELEMENT_BYTES > bytes.length) throw broken("it has too many elements");
  }

  rowFlags(i: number): number {
    return this.#view.getUint32(PAGE_HEADER_BYTES + i * ELEMENT_BYTES, true);
  }

  /** Element i of a leaf. */
  row(i: number): BboltRow {
    const element = PAGE_HEADER_BYTES + i * ELEMENT_BYTES;
    const start = element + this.#view.getUint32(element + 4, true);
    const keyEnd = start + this.#view.getUint32(element + 8, true);
    const end = keyEnd + this.#view.getUint32(element + 12, true);
    if (end > this.#bytes.length) throw this.#broken("an element points beyond it");
    return [this.#bytes.subarray(start, keyEnd), this.#bytes.subarray(keyEnd, end)];
  }

  /** The page that element i of a branch leads to. */
  child(i: number): number {
    return getUint64(this.#view, PAGE_HEADER_BYTES + i * ELEMENT_BYTES + 8);
  }
}

/** The metas that are whole. The first one says where the second one is; without it, all page sizes are tried. */
async function readMetas(file: DiskFile): Promise<Meta[]> {
  const first = decodeMeta(await file.read(0, PAGE_HEADER_BYTES + 64));
  const metas = first ? [first] : [];
  for (const size of first ? [first.pageBytes] : PAGE_SIZES) {
    const second = decodeMeta(await file.read(size, PAGE_HEADER_BYTES + 64));
    if (second?.pageBytes === size) metas.push(second);
  }
  return metas;
}
