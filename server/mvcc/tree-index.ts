import type { ByteString } from "../base/byte-string.ts";
import type { Revision } from "../base/ids.ts";
import { SortedMap } from "../base/sorted-map.ts";
import { KeyIndex } from "./key-index.ts";
import type { KeyRange } from "./key-range.ts";
import type { KeyVersion } from "./key-version.ts";

/** All keys in order, each with its history. */
export class TreeIndex {
  readonly #keys = new SortedMap<KeyIndex>();
  #aliveCount = 0;

  /** Keys that have a value now. */
  get aliveCount(): number {
    return this.#aliveCount;
  }

  get(key: ByteString): KeyIndex | undefined {
    return this.#keys.get(key);
  }

  /** A new version of a key; versions come in the order of their revisions. `known` is what `get` gave. */
  add(key: ByteString, known: KeyIndex | undefined, version: KeyVersion): void {
    if (known?.isAlive) this.#aliveCount--;
    if (!version.isTombstone) this.#aliveCount++;
    if (known) known.add(version);
    else this.#keys.set(key, new KeyIndex(key, version));
  }

  /** Visits at most `limit` keys, dead ones too; returns where to go on, undefined at the end of the range. */
  scan(range: KeyRange, limit: number, visit: (history: KeyIndex) => void): KeyRange | undefined {
    const from = this.#keys.scan(range.from, range.to, limit, (_key, history) => visit(history));
    return from === undefined ? undefined : { from, to: range.to, isSingle: false };
  }

  /**
   * Compacts keys from `from` on until `limit` of them have been visited or more than `limit` versions dropped,
   * which go to `dropped`; returns where to go on.
   */
  compact(from: ByteString, revision: Revision, limit: number, dropped: KeyVersion[]): ByteString | undefined {
    const emptied: ByteString[] = [];
    const next = this.#keys.scan(from, undefined, limit, (key, history) => {
      if (!history.compact(revision, dropped)) emptied.push(key);
      return dropped.length < limit;
    });
    for (const key of emptied) this.#keys.delete(key);
    return next;
  }
}
