import type { Revision } from "../base/ids.ts";
import { BLOCK_KEYS } from "./column-page.ts";
import type { KeyVersion } from "./key-version.ts";
import { keyVersion } from "./key-version.ts";

/** Numbers of a version: main, mark, createRevision, version, rowBytes. */
const STRIDE = 5;
/** Versions that there is room for at first. */
const MIN_ROOM = 4;

/**
 * The versions of a block's keys before their newest ones, oldest first, in one array: each key has a region whose
 * room is a power of two; one that is full moves to the end. Regions that were left go when the array grows.
 */
export class PastVersions {
  /** Of each slot: the version in the array that its region starts with; then how many it holds. */
  readonly #regions = new Uint32Array(2 * BLOCK_KEYS);
  #numbers: Float64Array;
  #used = 0;
  /** Of what is used, the room of regions that their keys have left. */
  #left = 0;

  constructor(room: number = MIN_ROOM) {
    this.#numbers = new Float64Array(room * STRIDE);
  }

  count(slot: number): number {
    return this.#regions[BLOCK_KEYS + slot] as number;
  }

  push(slot: number, main: Revision, mark: number, createRevision: Revision, version: number, rowBytes: number): void {
    const count = this.count(slot);
    if ((count & (count - 1)) === 0) this.#enlarge(slot);
    const at = this.#offset(slot, count);
    const numbers = this.#numbers;
    numbers[at] = main;
    numbers[at + 1] = mark;
    numbers[at + 2] = createRevision;
    numbers[at + 3] = version;
    numbers[at + 4] = rowBytes;
    this.#regions[BLOCK_KEYS + slot] = count + 1;
  }

  /** How many versions of the key are not above the revision: the last of them is the one that it shows. */
  countTo(slot: number, revision: Revision): number {
    let low = 0;
    let high = this.count(slot);
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.main(slot, middle) <= revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  main(slot: number, ordinal: number): Revision {
    return this.#numbers[this.#offset(slot, ordinal)] as number;
  }

  isTombstone(slot: number, ordinal: number): boolean {
    return ((this.#numbers[this.#offset(slot, ordinal) + 1] as number) & 1) === 1;
  }

  get(slot: number, ordinal: number): KeyVersion {
    const at = this.#offset(slot, ordinal);
    const numbers = this.#numbers;
    return keyVersion(
      numbers[at] as number,
      numbers[at + 1] as number,
      numbers[at + 2] as number,
      numbers[at + 3] as number,
      numbers[at + 4] as number,
    );
  }

  /** Forgets the oldest versions of a key. */
  dropOldest(slot: number, dropped: number): void {
    const count = this.count(slot);
    this.#numbers.copyWithin(this.#offset(slot, 0), this.#offset(slot, dropped), this.#offset(slot, count));
    this.#regions[BLOCK_KEYS + slot] = count - dropped;
  }

  /** What a block has whose slots hold the keys of these slots; undefined if none of them has a past. */
  of(slots: ArrayLike<number>): PastVersions | undefined {
    let room = 0;
    for (let i = 0; i < slots.length; i++) room += roomFor(this.count(slots[i] as number));
    if (room === 0) return undefined;
    const copy = new PastVersions(room);
    for (let i = 0; i < slots.length; i++) copy.#take(i, this, slots[i] as number);
    return copy;
  }

  /** Itself, or a smaller copy if most of its memory is no longer needed; undefined if all of it. */
  trimmed(): PastVersions | undefined {
    let room = 0;
    for (let slot = 0; slot < BLOCK_KEYS; slot++) room += roomFor(this.count(slot));
    if (room === 0) return undefined;
    return room * STRIDE * 2 < this.#numbers.length && room >= MIN_ROOM ? this.of(ALL_SLOTS) : this;
  }

  #take(slot: number, source: PastVersions, sourceSlot: number): void {
    const count = source.count(sourceSlot);
    this.#regions[slot] = this.#used;
    this.#regions[BLOCK_KEYS + slot] = count;
    const [from, to] = [source.#offset(sourceSlot, 0), source.#offset(sourceSlot, count)];
    const at = this.#used * STRIDE;
    for (let i = from; i < to; i++) this.#numbers[at + i - from] = source.#numbers[i] as number;
    this.#used += roomFor(count);
  }

  /** Gives a key whose region is full twice the room. */
  #enlarge(slot: number): void {
    const count = this.count(slot);
    const room = roomFor(count + 1);
    if ((this.#used + room) * STRIDE > this.#numbers.length) this.#grow(room);
    const to = this.#used * STRIDE;
    if (count > 0) this.#numbers.copyWithin(to, this.#offset(slot, 0), this.#offset(slot, count));
    this.#regions[slot] = this.#used;
    this.#used += room;
    this.#left += roomFor(count);
  }

  /** Moves all to a new array that has `room` to spare, and some more; regions that were left may go by the way. */
  #grow(room: number): void {
    const needed = this.#used + room;
    const size = needed + Math.min(needed, Math.max(needed >> 2, BLOCK_KEYS));
    if (this.#left * 4 < this.#used) {
      const numbers = new Float64Array(size * STRIDE);
      numbers.set(this.#numbers);
      this.#numbers = numbers;
      return;
    }
    const packed = new PastVersions(size - this.#left);
    for (let slot = 0; slot < BLOCK_KEYS; slot++) packed.#take(slot, this, slot);
    this.#regions.set(packed.#regions);
    this.#numbers = packed.#numbers;
    this.#used = packed.#used;
    this.#left = 0;
  }

  #offset(slot: number, ordinal: number): number {
    return ((this.#regions[slot] as number) + ordinal) * STRIDE;
  }
}

const ALL_SLOTS = Array.from({ length: BLOCK_KEYS }, (_, slot) => slot);

/** The smallest power of two that holds so many; 0 for none. */
function roomFor(count: number): number {
  return count < 2 ? count : 2 ** (32 - Math.clz32(count - 1));
}
