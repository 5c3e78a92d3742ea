import type { Timing } from "../client/timing.ts";
import { Event_EventType as EventType, type Event } from "../proto/gen/kv_pb.js";
import type { RangeRequest, RangeResponse, TxnResponse } from "../proto/gen/rpc_pb.js";
import type { LeasedKeys } from "./leased-keys.ts";
import type { LeasingLayout } from "./leasing-layout.ts";
import { acquireTxn, isAskedFor, releaseTxn } from "./leasing-txns.ts";
import { rangeOfOneKey } from "./owned-range.ts";
import { NO_ORIGIN, originWith, type Origin } from "./upstream.ts";
import type { UpstreamKv } from "./upstream-kv.ts";

/** Pause before another try to give up a key. */
const RELEASE_RETRY_MS = 500;

/** What an owner of keys works with. */
export interface KeyOwnerParts {
  readonly kv: UpstreamKv;
  readonly keys: LeasedKeys;
  readonly layout: LeasingLayout;
  readonly timing: Timing;
  /** The lease of this proxy; undefined while it may own nothing. */
  readonly leaseId: () => bigint | undefined;
}

/** Takes keys and gives them up: the owner's half of the protocol. */
export class KeyOwner {
  readonly #parts: KeyOwnerParts;

  constructor(parts: KeyOwnerParts) {
    this.#parts = parts;
  }

  /** Reads a key, and owns it from then on if nobody else does. */
  async acquire(request: RangeRequest, leaseId: bigint, origin: Origin): Promise<RangeResponse> {
    const { kv, keys, layout } = this.#parts;
    const { key } = request;
    const acquisition = keys.beginAcquisition(key);
    try {
      const txn = acquireTxn(key, layout.leasingKey(key), leaseId);
      // Others wait for it, too: the caller's end is not its end.
      const response = await kv.txn(txn, originWith({ hasleader: origin.metadata("hasleader") }));
      const found = readOf(response, 0)?.kvs[0];
      const revision = ownedSince(response, leaseId);
      if (revision === undefined) keys.postpone(key);
      else acquisition.keep(revision, found);
      return rangeOfOneKey(request, found, response.header);
    } catch {
      // Whatever it was: a cluster that takes no writes, or not these, may still answer a read.
      keys.postpone(key);
      return await kv.range(request, origin);
    } finally {
      acquisition.finish();
    }
  }

  /** Gives up what is owned of a key by a leasing key of this revision; resolves when that is gone, or the session is. */
  async release(key: Uint8Array, revision: bigint): Promise<void> {
    const { kv, keys, layout, timing, leaseId } = this.#parts;
    const session = leaseId();
    const release = keys.beginRelease(key, revision);
    const mustTry = (): boolean => session !== undefined && leaseId() === session;
    try {
      while (mustTry()) {
        try {
          await kv.txn(releaseTxn(layout.leasingKey(key), revision), NO_ORIGIN);
          return;
        } catch {
          await timing.sleep(RELEASE_RETRY_MS);
        }
      }
    } finally {
      release.finish();
    }
  }

  /** What has happened to leasing keys: whoever is asked for a key gives it up, and what is gone is not owned. */
  onEvents(events: readonly Event[]): void {
    const { keys, layout, leaseId } = this.#parts;
    for (const { type, kv } of events) {
      const key = kv && layout.keyOf(kv.key);
      if (!key) continue;
      if (type === EventType.DELETE) {
        keys.end(key, kv.modRevision - 1n);
      } else if (isAskedFor(kv) && kv.lease === leaseId()) {
        keys.postpone(key);
        void this.release(key, kv.createRevision);
      }
    }
  }
}

/** Where the leasing key of this session was created; undefined: the key is not this proxy's. */
function ownedSince(response: TxnResponse, leaseId: bigint): bigint | undefined {
  if (response.succeeded) return response.header?.revision;
  // A former try may have succeeded without our having heard of it.
  const leasing = readOf(response, 1)?.kvs[0];
  const hasLease = (readOf(response, 0)?.kvs[0]?.lease ?? 0n) !== 0n;
  return leasing?.lease === leaseId && !isAskedFor(leasing) && !hasLease ? leasing.createRevision : undefined;
}

function readOf({ responses }: TxnResponse, at: number): RangeResponse | undefined {
  const response = responses[at]?.response;
  return response?.case === "responseRange" ? response.value : undefined;
}
