import { compareBytes } from "../base/bytes.ts";
import { isToTheEnd, KeyNamespace, type KeyInterval } from "./key-namespace.ts";

const NO_BYTES = new Uint8Array();
const TO_THE_END = Uint8Array.of(0);

/**
 * Where it stands who owns a key: in its leasing key, which is the prefix with the key behind it, and exists as long as
 * somebody owns the key. The names are those of etcd's leasing package, so that its proxies and ours heed each other.
 */
export class LeasingLayout {
  /** All leasing keys. */
  readonly all: KeyInterval;
  readonly #names: KeyNamespace;

  constructor(prefix: Uint8Array) {
    this.#names = new KeyNamespace(prefix);
    this.all = this.#names.interval({ key: NO_BYTES, rangeEnd: TO_THE_END });
  }

  leasingKey(key: Uint8Array): Uint8Array {
    return this.#names.interval({ key, rangeEnd: NO_BYTES }).key;
  }

  /** The key that a leasing key is for; undefined: it is none. */
  keyOf(leasingKey: Uint8Array): Uint8Array | undefined {
    return this.#names.inner(leasingKey);
  }

  /** The leasing keys that a change of these keys concerns: theirs, and those in a range, which would go away unheard. */
  over(keys: KeyInterval): readonly KeyInterval[] {
    const within = this.#within(keys);
    const theirs = this.#names.interval(keys);
    return within ? [theirs, within] : [theirs];
  }

  #within(keys: KeyInterval): KeyInterval | undefined {
    if (keys.rangeEnd.length === 0) return undefined;
    const key = compareBytes(keys.key, this.all.key) < 0 ? this.all.key : keys.key;
    const rangeEnd = earlierEnd(keys.rangeEnd, this.all.rangeEnd);
    return isToTheEnd(rangeEnd) || compareBytes(key, rangeEnd) < 0 ? { key, rangeEnd } : undefined;
  }
}

function earlierEnd(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (isToTheEnd(a)) return b;
  return isToTheEnd(b) || compareBytes(a, b) < 0 ? a : b;
}
