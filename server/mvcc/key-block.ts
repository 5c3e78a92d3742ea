import { assert } from "../base/assert.ts";
import { byteString, bytesOf } from "../base/byte-string.ts";
import type { ByteString } from "../base/byte-string.ts";
import type { Revision } from "../base/ids.ts";
import { integer } from "../base/integer.ts";
import { BLOCK_KEYS } from "./column-page.ts";
import type { ColumnPage, ColumnPages } from "./column-page.ts";
import { keyVersion, markOf } from "./key-version.ts";
import type { KeyVersion } from "./key-version.ts";
import { PastVersions } from "./past-versions.ts";

const MARKS = BLOCK_KEYS;
const ROW_BYTES = 2 * BLOCK_KEYS;
/** Bytes to spare that are always allowed: with long keys a block would otherwise take much more than it needs. */
const LEAST_SPARE = 1024;
const NO_BYTES = new Uint8Array(0);

/**
 * Some keys that follow each other, with their versions, in typed arrays: a leaf of the index. An object for each
 * key would cost the garbage collector a visit each, and with a million keys a pause of hundreds of milliseconds.
 *
 * A position counts the keys in their order; a slot is where a key's columns are, in the order of arrival, and
 * stays the same until the block changes its keys. What all keys begin with is stored once, the rests of the keys
 * follow each other in the order of slots.
 */
export class KeyBlock {
  next: KeyBlock | undefined;
  previous: KeyBlock | undefined;
  readonly #pages: ColumnPages;
  #page: ColumnPage;
  #place: number;
  #count = 0;
  #prefix: ByteString = "";
  #bytes: Uint8Array = NO_BYTES;
  #past: PastVersions | undefined;

  constructor(pages: ColumnPages) {
    this.#pages = pages;
    ({ page: this.#page, place: this.#place } = pages.take());
  }

  get count(): number {
    return this.#count;
  }

  get isFull(): boolean {
    return this.#count === BLOCK_KEYS;
  }

  /** Of the versions before the newest ones; undefined if there are none. */
  get past(): PastVersions | undefined {
    return this.#past;
  }

  slotAt(position: number): number {
    return this.#page.order[this.#place + position] as number;
  }

  keyAt(position: number): ByteString {
    return this.keyOf(this.slotAt(position));
  }

  keyOf(slot: number): ByteString {
    const key = new Uint8Array(this.#keyLength(slot));
    this.#copyKey(slot, 0, key, 0);
    return byteString(key);
  }

  main(slot: number): Revision {
    return integer(this.#page.numbers[(this.#place + slot) * 3] as number);
  }

  createRevision(slot: number): Revision {
    return integer(this.#page.numbers[(this.#place + slot) * 3 + 1] as number);
  }

  version(slot: number): number {
    return integer(this.#page.numbers[(this.#place + slot) * 3 + 2] as number);
  }

  isTombstone(slot: number): boolean {
    return (this.#word(MARKS + slot) & 1) === 1;
  }

  newest(slot: number): KeyVersion {
    const { numbers } = this.#page;
    const at = (this.#place + slot) * 3;
    return keyVersion(
      numbers[at] as number,
      this.#word(MARKS + slot),
      numbers[at + 1] as number,
      numbers[at + 2] as number,
      this.#word(ROW_BYTES + slot),
    );
  }

  /** The position of a key; if it is not here, the complement of the one where it belongs, which is negative. */
  find(key: ByteString): number {
    const prefix = this.#prefix;
    if (!key.startsWith(prefix)) return key < prefix ? ~0 : ~this.#count;
    const bytes = this.#bytes;
    const { order, words } = this.#page;
    const place = this.#place;
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >> 1;
      const slot = order[place + middle] as number;
      const start = slot === 0 ? 0 : (words[3 * place + slot - 1] as number);
      const sign = compareRest(key, prefix.length, bytes, start, words[3 * place + slot] as number);
      if (sign === 0) return middle;
      if (sign > 0) low = middle + 1;
      else high = middle;
    }
    return ~low;
  }

  /** The first position whose key is not below `key`. */
  lowerBound(key: ByteString): number {
    const found = this.find(key);
    return found < 0 ? ~found : found;
  }

  /** A key that is not here comes to its position; the block must not be full. */
  insert(position: number, key: ByteString, version: KeyVersion): void {
    assert(!this.isFull, "a full block is split before a key comes to it");
    const isFitting =
      key.startsWith(this.#prefix) && this.#used() + key.length - this.#prefix.length <= this.#bytes.length;
    if (!isFitting) this.#makeRoom(key);
    const slot = this.#count;
    let at = this.#used();
    for (let i = this.#prefix.length; i < key.length; i++) this.#bytes[at++] = key.charCodeAt(i);
    this.#count++;
    const { order, words } = this.#page;
    words[this.#place * 3 + slot] = at;
    const from = this.#place + position;
    if (position < slot) order.copyWithin(from + 1, from, this.#place + slot);
    order[from] = slot;
    this.#write(slot, version);
  }

  /** A key that is here has a new version. */
  add(slot: number, version: KeyVersion): void {
    this.#past ??= new PastVersions();
    const { numbers } = this.#page;
    const at = (this.#place + slot) * 3;
    this.#past.push(
      slot,
      numbers[at] as number,
      this.#word(MARKS + slot),
      numbers[at + 1] as number,
      numbers[at + 2] as number,
      this.#word(ROW_BYTES + slot),
    );
    this.#write(slot, version);
  }

  /** Cuts the block in two: gives the keys from `position` on to a new block after this one. */
  split(position: number): KeyBlock {
    const right = new KeyBlock(this.#pages);
    right.next = this.next;
    right.previous = this;
    if (this.next) this.next.previous = right;
    this.next = right;
    if (position < this.#count) {
      const slots = this.#slots();
      right.#load(this, slots.subarray(position));
      this.#load(this, slots.subarray(0, position));
    }
    return right;
  }

  /** Leaves only the keys in some slots, at least one, and frees what versions took that have been dropped. */
  retain(isKept: (slot: number) => boolean): void {
    const kept = this.#slots().filter(isKept);
    if (kept.length < this.#count) this.#load(this, kept);
    else this.#past = this.#past?.trimmed();
  }

  /** The block has left the index. */
  unlink(): void {
    if (this.previous) this.previous.next = this.next;
    if (this.next) this.next.previous = this.previous;
    this.#pages.release(this.#page, this.#place);
  }

  #write(slot: number, version: KeyVersion): void {
    const { numbers, words } = this.#page;
    const at = (this.#place + slot) * 3;
    numbers[at] = version.main;
    numbers[at + 1] = version.createRevision;
    numbers[at + 2] = version.version;
    words[this.#place * 3 + MARKS + slot] = markOf(version);
    words[this.#place * 3 + ROW_BYTES + slot] = version.rowBytes;
  }

  /** In the order of their keys. */
  #slots(): Uint8Array {
    return this.#page.order.slice(this.#place, this.#place + this.#count);
  }

  /** Takes over keys of a block, which may be itself, from these slots, given in the order of keys. */
  #load(source: KeyBlock, slots: Uint8Array): void {
    const prefix = source.#prefixOf(slots);
    let used = 0;
    for (const slot of slots) used += source.#keyLength(slot) - prefix.length;
    const bytes = new Uint8Array(roomFor(slots.length, used));
    const { page, place } = this.#pages.take();
    let at = 0;
    for (let i = 0; i < slots.length; i++) {
      const slot = slots[i] as number;
      at = source.#copyKey(slot, prefix.length, bytes, at);
      page.words[place * 3 + i] = at;
      page.order[place + i] = i;
      source.#copyColumns(slot, page, place, i);
    }
    const past = source.#past?.of(slots);
    this.#pages.release(this.#page, this.#place);
    this.#page = page;
    this.#place = place;
    this.#bytes = bytes;
    this.#prefix = prefix;
    this.#count = slots.length;
    this.#past = past;
  }

  #copyColumns(slot: number, page: ColumnPage, place: number, to: number): void {
    for (let i = 0; i < 3; i++) {
      page.numbers[(place + to) * 3 + i] = this.#page.numbers[(this.#place + slot) * 3 + i] as number;
    }
    page.words[place * 3 + MARKS + to] = this.#word(MARKS + slot);
    page.words[place * 3 + ROW_BYTES + to] = this.#word(ROW_BYTES + slot);
  }

  /** Makes the bytes ready for a key that does not begin as the others do, or that finds too little room. */
  #makeRoom(key: ByteString): void {
    const count = this.#count;
    const prefix = this.#prefixWith(key);
    const used = this.#used() + count * (this.#prefix.length - prefix.length);
    const needed = used + key.length - prefix.length;
    const bytes = new Uint8Array(count > 0 ? roomFor(count + 1, needed) : this.#roomForFirst(needed));
    const { words } = this.#page;
    // From the last slot on, since where a key starts is known from the end of the one before.
    for (let slot = count - 1, end = used; slot >= 0; slot--) {
      const start = end - this.#keyLength(slot) + prefix.length;
      this.#copyKey(slot, prefix.length, bytes, start);
      words[this.#place * 3 + slot] = end;
      end = start;
    }
    this.#bytes = bytes;
    this.#prefix = prefix;
  }

  /** The first key comes after a full block, and more like those of that one are likely to follow. */
  #roomForFirst(needed: number): number {
    const { previous } = this;
    return previous ? Math.max(needed, previous.#used()) : roomFor(1, needed);
  }

  /** What all keys begin with once this one is here; for the first key what it shares with those before. */
  #prefixWith(key: ByteString): ByteString {
    const last = this.#count - 1;
    if (last >= 0) return head(key, Math.min(this.#sharedWith(0, key), this.#sharedWith(last, key)));
    const { previous } = this;
    const before = previous ? previous.#prefix : "";
    return key.startsWith(before) ? before : head(key, sharedStart(key, before));
  }

  /** How many characters the key shares with the one at a position. */
  #sharedWith(position: number, key: ByteString): number {
    const shared = sharedStart(key, this.#prefix);
    if (shared < this.#prefix.length) return shared;
    const slot = this.slotAt(position);
    return shared + sharedLength(key, shared, this.#bytes, this.#start(slot), this.#end(slot));
  }

  /** What the keys in these slots begin with: what the first and the last share. */
  #prefixOf(slots: Uint8Array): ByteString {
    const [first, last] = [slots[0] as number, slots[slots.length - 1] as number];
    const bytes = this.#bytes;
    const start = this.#start(first);
    const shift = this.#start(last) - start;
    const end = Math.min(this.#end(first), this.#end(last) - shift);
    let at = start;
    while (at < end && bytes[at] === bytes[at + shift]) at++;
    return at === start ? this.#prefix : head(this.keyOf(first), this.#prefix.length + at - start);
  }

  #keyLength(slot: number): number {
    return this.#prefix.length + this.#end(slot) - this.#start(slot);
  }

  /** Writes the key's bytes from the one numbered `skip` on to `at`; returns where they end. */
  #copyKey(slot: number, skip: number, into: Uint8Array, at: number): number {
    const bytes = this.#bytes;
    const prefix = this.#prefix;
    let to = at;
    for (let i = skip; i < prefix.length; i++) into[to++] = prefix.charCodeAt(i);
    const end = this.#end(slot);
    for (let i = this.#start(slot) + Math.max(0, skip - prefix.length); i < end; i++) into[to++] = bytes[i] as number;
    return to;
  }

  #word(at: number): number {
    return this.#page.words[this.#place * 3 + at] as number;
  }

  #start(slot: number): number {
    return slot === 0 ? 0 : this.#word(slot - 1);
  }

  #end(slot: number): number {
    return this.#word(slot);
  }

  #used(): number {
    return this.#start(this.#count);
  }
}

/** How many bytes to take for so many rests of keys with so many bytes: room for more, as long as more may come. */
function roomFor(keys: number, used: number): number {
  const more = Math.min(BLOCK_KEYS, 2 * keys + 6) - keys;
  return used + Math.min(Math.ceil((used / keys) * more), Math.max(used, LEAST_SPARE));
}

/** The first characters of a key, as a string that does not keep the key alive. */
function head(key: ByteString, length: number): ByteString {
  return byteString(bytesOf(key.slice(0, length)));
}

/** How many characters two keys have in common at their beginnings. */
function sharedStart(a: ByteString, b: ByteString): number {
  const length = Math.min(a.length, b.length);
  let shared = 0;
  while (shared < length && a.charCodeAt(shared) === b.charCodeAt(shared)) shared++;
  return shared;
}

/** How many characters of the key from `keyFrom` on are the bytes from `from` on, before `to`. */
function sharedLength(key: ByteString, keyFrom: number, bytes: Uint8Array, from: number, to: number): number {
  const length = Math.min(key.length - keyFrom, to - from);
  let shared = 0;
  while (shared < length && key.charCodeAt(keyFrom + shared) === bytes[from + shared]) shared++;
  return shared;
}

/** How the key from `keyFrom` on compares with the bytes between `from` and `to`: negative if it comes before them. */
function compareRest(key: ByteString, keyFrom: number, bytes: Uint8Array, from: number, to: number): number {
  const shared = sharedLength(key, keyFrom, bytes, from, to);
  const keyLeft = key.length - keyFrom - shared;
  const bytesLeft = to - from - shared;
  if (keyLeft === 0 || bytesLeft === 0) return keyLeft - bytesLeft;
  return key.charCodeAt(keyFrom + shared) - (bytes[from + shared] as number);
}
