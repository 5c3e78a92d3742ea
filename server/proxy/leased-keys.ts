import { byteString, bytesOf, type ByteString } from "../base/byte-string.ts";
import type { KeyValue } from "../proto/gen/kv_pb.js";
import type { KeyInterval } from "./key-namespace.ts";
import { spanHas, spanOf, type KeySpan } from "./key-span.ts";
import { OwnedKey } from "./owned-key.ts";

/** Keys that are owned at most: each is a key of the cluster, and all hang on one lease. */
const MAX_OWNED = 8192;
/** A key that was not read for so long makes room for another one. */
const IDLE_MS = 60_000;
/** After others have asked for a key it is not acquired for a while, so that they come to write (etcd's revokeBackoff). */
const POSTPONE_MS = 2000;
/** Keys whose acquisition is postponed at most; whatever was first is forgotten first. */
const MAX_POSTPONED = 8192;

/** A key that this proxy tries to own; `finish` ends that in any case. */
export interface Acquisition {
  /** It has come to own the key, unless that is over already. */
  keep(revision: bigint, kv: KeyValue | undefined): void;
  finish(): void;
}

interface Pending {
  readonly finished: PromiseWithResolvers<void>;
  endedUpTo: bigint;
}

/** What the proxy owns and is about to own or to give up. It knows nothing of the cluster: others tell it. */
export class LeasedKeys {
  readonly #nowMs: () => number;
  readonly #maxOwned: number;
  /** In the order in which they were read last. */
  readonly #owned = new Map<ByteString, OwnedKey>();
  readonly #acquiring = new Map<ByteString, Pending>();
  readonly #releasing = new Map<ByteString, number>();
  readonly #postponed = new Map<ByteString, number>();
  readonly #held = new Set<readonly KeySpan[]>();

  constructor(nowMs: () => number, maxOwned = MAX_OWNED) {
    this.#nowMs = nowMs;
    this.#maxOwned = maxOwned;
  }

  get size(): number {
    return this.#owned.size;
  }

  /** The key for a read of it; undefined: only the cluster knows its state. */
  read(key: Uint8Array): OwnedKey | undefined {
    const id = byteString(key);
    const owned = this.#owned.get(id);
    if (!owned?.isSettled) return undefined;
    owned.readAtMs = this.#nowMs();
    this.#owned.delete(id);
    this.#owned.set(id, owned);
    return owned;
  }

  /** The key for a change of it. */
  owned(key: Uint8Array): OwnedKey | undefined {
    return this.#owned.get(byteString(key));
  }

  /** The key that was not read for longest, if there is no room for another one and it was not read for long. */
  idle(): readonly [key: Uint8Array, owned: OwnedKey] | undefined {
    if (this.#owned.size < this.#maxOwned) return undefined;
    for (const [id, owned] of this.#owned) {
      return this.#nowMs() - owned.readAtMs < IDLE_MS ? undefined : [bytesOf(id), owned];
    }
    return undefined;
  }

  mayAcquire(key: Uint8Array): boolean {
    const id = byteString(key);
    if (this.#owned.size + this.#acquiring.size >= this.#maxOwned) return false;
    if (this.#owned.has(id) || this.#acquiring.has(id) || this.#releasing.has(id)) return false;
    for (const held of this.#held) if (held.some((span) => spanHas(span, id))) return false;
    const notBeforeMs = this.#postponed.get(id);
    if (notBeforeMs === undefined) return true;
    if (this.#nowMs() < notBeforeMs) return false;
    this.#postponed.delete(id);
    return true;
  }

  /** The end of the acquisition that is on its way, if there is one. */
  acquisitionOf(key: Uint8Array): Promise<void> | undefined {
    return this.#acquiring.get(byteString(key))?.finished.promise;
  }

  beginAcquisition(key: Uint8Array): Acquisition {
    const id = byteString(key);
    const pending: Pending = { finished: Promise.withResolvers(), endedUpTo: -1n };
    this.#acquiring.set(id, pending);
    return {
      keep: (revision, kv) => {
        const isOver = revision <= pending.endedUpTo || this.#acquiring.get(id) !== pending;
        if (!isOver) this.#owned.set(id, new OwnedKey(revision, kv, this.#nowMs()));
      },
      finish: () => {
        if (this.#acquiring.get(id) === pending) this.#acquiring.delete(id);
        pending.finished.resolve();
      },
    };
  }

  /** Whatever the proxy has owned of a key by a leasing key created up to this revision is over, known already or not. */
  end(key: Uint8Array, upTo: bigint): void {
    const id = byteString(key);
    const owned = this.#owned.get(id);
    if (owned && owned.revision <= upTo) this.#owned.delete(id);
    const pending = this.#acquiring.get(id);
    if (pending && pending.endedUpTo < upTo) pending.endedUpTo = upTo;
  }

  /** The same, and until `finish` the key is not acquired: its leasing key may still be there. */
  beginRelease(key: Uint8Array, upTo: bigint): { finish(): void } {
    const id = byteString(key);
    this.end(key, upTo);
    this.#releasing.set(id, (this.#releasing.get(id) ?? 0) + 1);
    return {
      finish: () => {
        const others = (this.#releasing.get(id) ?? 1) - 1;
        if (others === 0) this.#releasing.delete(id);
        else this.#releasing.set(id, others);
      },
    };
  }

  /** The key is not acquired for a while. */
  postpone(key: Uint8Array): void {
    const id = byteString(key);
    this.#postponed.delete(id);
    this.#postponed.set(id, this.#nowMs() + POSTPONE_MS);
    if (this.#postponed.size <= MAX_POSTPONED) return;
    for (const first of this.#postponed.keys()) {
      this.#postponed.delete(first);
      return;
    }
  }

  /** Keys in these intervals are not acquired until `finish`. */
  hold(intervals: readonly KeyInterval[]): { finish(): void } {
    const held = intervals.map(spanOf);
    this.#held.add(held);
    return { finish: () => void this.#held.delete(held) };
  }

  /** The lease is lost, and all that was owned with it. */
  forgetAll(): void {
    this.#owned.clear();
    this.#acquiring.clear();
  }
}
