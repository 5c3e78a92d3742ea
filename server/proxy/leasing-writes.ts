import { byteString } from "../base/byte-string.ts";
import { equalBytes } from "../base/bytes.ts";
import type { KeyValue } from "../proto/gen/kv_pb.js";
import type { Compare, RequestOp, TxnResponse } from "../proto/gen/rpc_pb.js";
import { Code, RpcError } from "../rpc/status.ts";
import { changedKeys, keyChanges, type ChangedKeys, type KeyChange } from "./changed-keys.ts";
import { takeBack } from "./foreign-owners.ts";
import { NO_END, type KeyInterval } from "./key-namespace.ts";
import type { KeyOwner, KeyOwnerParts } from "./key-owner.ts";
import { spanHas, spanOf } from "./key-span.ts";
import { createdAt, guardedTxn, haveNoLease } from "./leasing-txns.ts";
import type { OwnedKey } from "./owned-key.ts";
import type { Origin } from "./upstream.ts";
import type { OpenWatch } from "./watch-ranges.ts";

/** How often the owners of keys are asked for them before a change is given up: others take them again each time. */
const MAX_ROUNDS = 100;
/** Own keys that are given up at once for one change. */
const MAX_RELEASED_AT_ONCE = 32;

/** What changes of keys work with. */
export interface LeasingWritesParts extends KeyOwnerParts {
  readonly owner: KeyOwner;
  readonly openWatch: OpenWatch;
}

/** What a change has to have for itself. */
interface Claim {
  /** Single keys: whoever owns them here goes on owning them. */
  readonly kept: readonly Uint8Array[];
  /** Keys that nobody may own, this proxy neither: ranges, and what gets a lease and may end with that unasked. */
  readonly free: readonly KeyInterval[];
  /** The leasing keys of all of them. */
  readonly leasing: readonly KeyInterval[];
}

/** A change of a key that this proxy owns. */
interface OwnWrite {
  readonly key: Uint8Array;
  readonly owned: OwnedKey;
  readonly end: (changes: readonly KeyChange[]) => void;
}

/** Changes keys once nobody else owns them: the writer's half of the protocol. */
export class LeasingWrites {
  readonly #parts: LeasingWritesParts;

  constructor(parts: LeasingWritesParts) {
    this.#parts = parts;
  }

  /** Runs the operations, as the success of a transaction. */
  async change(operations: readonly RequestOp[], origin: Origin): Promise<TxnResponse> {
    const call = callOf(origin);
    const claim = this.#claimOf(changedKeys(operations));
    const hold = this.#parts.keys.hold(claim.free);
    try {
      for (let round = 0; round < MAX_ROUNDS && !call.isOver; round++) {
        const response = await this.#try(operations, claim, origin);
        if (response.succeeded) return response;
        await this.#clear(response, claim, origin);
      }
    } finally {
      hold.finish();
    }
    if (call.isOver) throw new RpcError(Code.CANCELED, "the call ended while keys were asked for");
    throw new RpcError(Code.UNAVAILABLE, "others take the keys again as soon as they have given them up: try again");
  }

  #claimOf(changed: readonly ChangedKeys[]): Claim {
    const { layout } = this.#parts;
    const free = changed.filter((keys) => !staysOwned(keys)).map(({ key, rangeEnd }) => ({ key, rangeEnd }));
    const spans = free.map(spanOf);
    const single = new Map(changed.filter(staysOwned).map(({ key }) => [byteString(key), key]));
    // What one branch of a transaction lets be owned, another one may not.
    const kept = [...single].flatMap(([id, key]) => (spans.some((span) => spanHas(span, id)) ? [] : [key]));
    const intervals = [...kept.map((key) => ({ key, rangeEnd: NO_END })), ...free];
    return { kept, free, leasing: intervals.flatMap((keys) => layout.over(keys)) };
  }

  /** Succeeds if all is as it is believed to be here: own keys are still owned, and the others by nobody. */
  async #try(operations: readonly RequestOp[], claim: Claim, origin: Origin): Promise<TxnResponse> {
    const { kv, owner } = this.#parts;
    const writes = await this.#beginWrites(claim.kept);
    try {
      const response = await kv.txn(guardedTxn(this.#guards(claim, writes), operations, claim.leasing), origin);
      const changes = response.succeeded
        ? keyChanges(operations, response.responses, response.header?.revision ?? 0n)
        : [];
      for (const { key, end } of writes) end(changes.filter((change) => equalBytes(change.key, key)));
      return response;
    } catch (error) {
      // Nobody knows whether it has happened: neither what the keys are.
      for (const { key, owned, end } of writes) {
        void owner.release(key, owned.revision);
        end([]);
      }
      throw error;
    }
  }

  async #beginWrites(kept: readonly Uint8Array[]): Promise<readonly OwnWrite[]> {
    const { keys } = this.#parts;
    for (const key of kept) await keys.owned(key)?.crowd;
    return kept.flatMap((key) => {
      const owned = keys.owned(key);
      return owned ? [{ key, owned, end: owned.beginWrite().end }] : [];
    });
  }

  #guards({ leasing }: Claim, writes: readonly OwnWrite[]): readonly Compare[] {
    const { layout } = this.#parts;
    const revisions = new Map(writes.map(({ key, owned }) => [byteString(layout.leasingKey(key)), owned.revision]));
    return leasing.map((keys) => {
      const revision = keys.rangeEnd.length === 0 ? revisions.get(byteString(keys.key)) : undefined;
      return revision === undefined ? haveNoLease(keys) : createdAt(keys.key, revision);
    });
  }

  /** Makes the keys of others free, and believes of the own ones what the answer says. */
  async #clear({ header, responses }: TxnResponse, claim: Claim, origin: Origin): Promise<void> {
    const { keys, layout } = this.#parts;
    const seen = responses.map(({ response }) =>
      response.case === "responseRange" ? response.value.kvs.filter(({ lease }) => lease !== 0n) : [],
    );
    const createRevisions = new Map(seen.flat().map((found) => [byteString(found.key), found.createRevision]));
    const revision = header?.revision ?? 0n;
    for (const key of claim.kept) {
      const createRevision = createRevisions.get(byteString(layout.leasingKey(key)));
      keys.end(key, createRevision === undefined ? revision : createRevision - 1n);
    }
    const foreign = seen.map((found) => found.filter(({ lease }) => lease !== this.#parts.leaseId()));
    await this.#clearOwn(seen.flat(), claim);
    const asked = foreign.map(async (leasingKeys, at) => {
      const interval = claim.leasing[at];
      if (!interval || leasingKeys.length === 0) return;
      await takeBack({ interval, leasingKeys, revision }, this.#parts, origin);
    });
    await Promise.all(asked);
  }

  /** Own leasing keys that are in the way: also of acquisitions on their way, and of those whose answer was lost. */
  async #clearOwn(found: readonly KeyValue[], { kept }: Claim): Promise<void> {
    const { keys, layout, leaseId, owner } = this.#parts;
    const own = found.filter(({ lease }) => lease === leaseId());
    const release = async ({ key: leasingKey, createRevision }: KeyValue): Promise<void> => {
      const key = layout.keyOf(leasingKey);
      if (!key) return;
      const isWanted = keys.owned(key)?.revision === createRevision && kept.some((one) => equalBytes(one, key));
      if (!isWanted) await (keys.acquisitionOf(key) ?? owner.release(key, createRevision));
    };
    for (let at = 0; at < own.length; at += MAX_RELEASED_AT_ONCE) {
      await Promise.all(own.slice(at, at + MAX_RELEASED_AT_ONCE).map(release));
    }
  }
}

function staysOwned({ rangeEnd, put }: ChangedKeys): boolean {
  return rangeEnd.length === 0 && (put?.lease ?? 0n) === 0n;
}

function callOf(origin: Origin): { isOver: boolean } {
  const call = { isOver: false };
  origin.onCancelled(() => {
    call.isOver = true;
  });
  return call;
}
