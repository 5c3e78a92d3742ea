import { hash } from "node:crypto";

/** Of a key's fingerprint: at ten million keys two alike are less likely than one in 10^14. */
const FINGERPRINT_WORDS = 3;
const FIRST_SLOTS = 1024;
const FILLED_MAX = 0.7;

type Fingerprint = readonly [first: number, second: number, third: number];

/** Which row holds a key's newest version. */
export interface NewestRow {
  readonly main: number;
  readonly sub: number;
  readonly isTombstone: boolean;
}

/**
 * The newest row of each key that was told. Made for many millions of keys of any length: a slot takes 24 bytes whatever
 * the key, where a Map of strings would take hundreds.
 */
export class ChangedKeys {
  #size = 0;
  #fingerprints = new Uint32Array(FIRST_SLOTS * FINGERPRINT_WORDS);
  #mains = new Float64Array(FIRST_SLOTS);
  /** The sub revision and, in the lowest bit, whether the row is a tombstone. */
  #subs = new Uint32Array(FIRST_SLOTS);

  get size(): number {
    return this.#size;
  }

  /** Rows of a key come in the order of their revisions, so the last one that was told is the newest. */
  set(key: Uint8Array, { main, sub, isTombstone }: NewestRow): void {
    if (this.#size >= this.#mains.length * FILLED_MAX) this.#grow();
    const digest = hash("sha256", key, "buffer");
    const words = [digest.readUInt32LE(0), digest.readUInt32LE(4), digest.readUInt32LE(8)] as const;
    this.#put(words, main, sub * 2 + Number(isTombstone));
  }

  get(key: Uint8Array): NewestRow | undefined {
    const digest = hash("sha256", key, "buffer");
    const slot = this.#slotOf(digest.readUInt32LE(0), digest.readUInt32LE(4), digest.readUInt32LE(8));
    const main = this.#mains[slot] ?? 0;
    if (main === 0) return undefined;
    const sub = this.#subs[slot] ?? 0;
    return { main, sub: sub >>> 1, isTombstone: (sub & 1) === 1 };
  }

  /** Whether there is a key whose newest row is no deletion. */
  hasLiveKey(): boolean {
    return this.#mains.some((main, slot) => main !== 0 && ((this.#subs[slot] ?? 0) & 1) === 0);
  }

  #put([first, second, third]: Fingerprint, main: number, sub: number): void {
    const slot = this.#slotOf(first, second, third);
    if (this.#mains[slot] === 0) this.#size++;
    const at = slot * FINGERPRINT_WORDS;
    this.#fingerprints[at] = first;
    this.#fingerprints[at + 1] = second;
    this.#fingerprints[at + 2] = third;
    this.#mains[slot] = main;
    this.#subs[slot] = sub;
  }

  /** Where the key is, or the free slot where it would be. Revisions begin at 1: 0 means free. */
  #slotOf(first: number, second: number, third: number): number {
    const slots = this.#mains.length;
    const fingerprints = this.#fingerprints;
    for (let slot = first % slots; ; slot = (slot + 1) % slots) {
      if (this.#mains[slot] === 0) return slot;
      const at = slot * FINGERPRINT_WORDS;
      if (fingerprints[at] === first && fingerprints[at + 1] === second && fingerprints[at + 2] === third) return slot;
    }
  }

  #grow(): void {
    const [fingerprints, mains, subs] = [this.#fingerprints, this.#mains, this.#subs];
    const slots = 2 * mains.length;
    this.#fingerprints = new Uint32Array(slots * FINGERPRINT_WORDS);
    this.#mains = new Float64Array(slots);
    this.#subs = new Uint32Array(slots);
    this.#size = 0;
    for (const [slot, main] of mains.entries()) {
      if (main === 0) continue;
      const at = slot * FINGERPRINT_WORDS;
      const words = [fingerprints[at] ?? 0, fingerprints[at + 1] ?? 0, fingerprints[at + 2] ?? 0] as const;
      this.#put(words, main, subs[slot] ?? 0);
    }
  }
}
