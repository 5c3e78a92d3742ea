import { must } from "../base/assert.ts";
import type { ByteString } from "../base/byte-string.ts";
import type { Revision } from "../base/ids.ts";
import type { KeyVersion } from "./key-version.ts";

/** Numbers that one past version takes: main, mark, createRevision, version, rowBytes. */
const STRIDE = 5;

/**
 * The history of one key, newest version in plain fields, the older ones packed into one array of numbers,
 * oldest first: most keys have one version, and a million of them must fit into memory. `mark` is the sub
 * revision doubled, plus one for a deletion.
 */
export class KeyIndex {
  readonly key: ByteString;
  #main: Revision;
  #mark: number;
  #createRevision: Revision;
  #version: number;
  #rowBytes: number;
  #past: number[] | undefined;

  constructor(key: ByteString, first: KeyVersion) {
    this.key = key;
    this.#main = first.main;
    this.#mark = markOf(first);
    this.#createRevision = first.createRevision;
    this.#version = first.version;
    this.#rowBytes = first.rowBytes;
  }

  get isAlive(): boolean {
    return (this.#mark & 1) === 0;
  }

  /** Of the newest version. */
  get createRevision(): Revision {
    return this.#createRevision;
  }

  /** Of the newest version. */
  get version(): number {
    return this.#version;
  }

  add(next: KeyVersion): void {
    const past = [this.#main, this.#mark, this.#createRevision, this.#version, this.#rowBytes];
    if (this.#past) this.#past.push(...past);
    else this.#past = past;
    this.#main = next.main;
    this.#mark = markOf(next);
    this.#createRevision = next.createRevision;
    this.#version = next.version;
    this.#rowBytes = next.rowBytes;
  }

  /** Whether the key has a value at the revision. */
  isAliveAt(revision: Revision): boolean {
    if (this.#main <= revision) return this.isAlive;
    const at = this.#find(revision);
    return at >= 0 && (this.#number(at + 1) & 1) === 0;
  }

  /** The newest version at the revision, a deletion too; undefined before the first. */
  at(revision: Revision): KeyVersion | undefined {
    if (this.#main <= revision) return this.newest();
    const at = this.#find(revision);
    return at < 0 ? undefined : this.#pastAt(at);
  }

  newest(): KeyVersion {
    return {
      main: this.#main,
      sub: this.#mark >>> 1,
      isTombstone: !this.isAlive,
      createRevision: this.#createRevision,
      version: this.#version,
      rowBytes: this.#rowBytes,
    };
  }

  /**
   * Drops what a compaction at `revision` makes unreachable: every version older than the newest one at it,
   * and that one too if it is a deletion from before `revision` (exactly at it the deletion stays until the
   * next compaction, as in etcd since 3.5.16). Returns whether anything is left.
   */
  compact(revision: Revision, dropped: KeyVersion[]): boolean {
    if (this.#main <= revision) {
      this.#dropPast(this.#past?.length ?? 0, dropped);
      if (this.isAlive || this.#main === revision) return true;
      dropped.push(this.newest());
      return false;
    }
    const at = this.#find(revision);
    if (at < 0) return true;
    const isGone = (this.#number(at + 1) & 1) === 1 && this.#number(at) < revision;
    this.#dropPast(isGone ? at + STRIDE : at, dropped);
    return true;
  }

  #dropPast(to: number, dropped: KeyVersion[]): void {
    const past = this.#past;
    if (!past || to === 0) return;
    for (let at = 0; at < to; at += STRIDE) dropped.push(this.#pastAt(at));
    this.#past = to === past.length ? undefined : past.slice(to);
  }

  /** Where in `#past` the newest version at the revision starts; negative if there is none. */
  #find(revision: Revision): number {
    if (!this.#past) return -1;
    let low = 0;
    let high = this.#past.length / STRIDE;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#number(middle * STRIDE) <= revision) low = middle + 1;
      else high = middle;
    }
    return (low - 1) * STRIDE;
  }

  #pastAt(at: number): KeyVersion {
    const mark = this.#number(at + 1);
    return {
      main: this.#number(at),
      sub: mark >>> 1,
      isTombstone: (mark & 1) === 1,
      createRevision: this.#number(at + 2),
      version: this.#number(at + 3),
      rowBytes: this.#number(at + 4),
    };
  }

  #number(at: number): number {
    return must(this.#past)[at] as number;
  }
}

function markOf(version: KeyVersion): number {
  return version.sub * 2 + (version.isTombstone ? 1 : 0);
}
