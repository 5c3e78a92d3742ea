import { byteString, type ByteString } from "../base/byte-string.ts";
import { Event_EventType as EventType, type KeyValue } from "../proto/gen/kv_pb.js";
import { Code, RpcError } from "../rpc/status.ts";
import type { KeyInterval } from "./key-namespace.ts";
import { askForTxn, isAskedFor } from "./leasing-txns.ts";
import type { Origin } from "./upstream.ts";
import type { UpstreamKv } from "./upstream-kv.ts";
import { watchFrom } from "./watch-from.ts";
import type { OpenWatch } from "./watch-ranges.ts";

/** Owners that are asked at once for one change. */
const MAX_ASKED_AT_ONCE = 32;

/** Leasing keys of others, as they were seen in an interval at a revision. */
export interface ForeignKeys {
  readonly interval: KeyInterval;
  readonly leasingKeys: readonly KeyValue[];
  readonly revision: bigint;
}

/**
 * Asks the owners for these keys and waits until they have given them up: as long as their leases live if they do not
 * answer. Afterwards others may own them again.
 */
export async function takeBack(
  foreign: ForeignKeys,
  { kv, openWatch }: { readonly kv: UpstreamKv; readonly openWatch: OpenWatch },
  origin: Origin,
): Promise<void> {
  const unasked = foreign.leasingKeys.filter((leasingKey) => !isAskedFor(leasingKey));
  for (let at = 0; at < unasked.length; at += MAX_ASKED_AT_ONCE) {
    const some = unasked.slice(at, at + MAX_ASKED_AT_ONCE);
    await Promise.all(some.map((leasingKey) => kv.txn(askForTxn(leasingKey), origin)));
  }
  await deleted(foreign, openWatch, origin);
}

/** Resolves when each of the leasing keys has been deleted after it was seen, or nobody can say any more whether. */
async function deleted({ interval, leasingKeys, revision }: ForeignKeys, openWatch: OpenWatch, origin: Origin) {
  const waited = new Set<ByteString>(leasingKeys.map(({ key }) => byteString(key)));
  const outcome = Promise.withResolvers<void>();
  const start = { from: revision + 1n, token: origin.metadata("token") };
  const watch = watchFrom(openWatch, interval, start, ({ events, canceled, compactRevision, cancelReason }) => {
    for (const { type, kv } of events) if (kv && type === EventType.DELETE) waited.delete(byteString(kv.key));
    // What is compacted is not told any more: the leasing keys have to be looked at again.
    if (waited.size === 0 || compactRevision > 0n) outcome.resolve();
    else if (canceled) outcome.reject(refusedWait(cancelReason));
  });
  origin.onCancelled(() => outcome.reject(new RpcError(Code.CANCELED, "the call ended while an owner was waited for")));
  try {
    await outcome.promise;
  } finally {
    watch.close();
  }
}

function refusedWait(reason: string): RpcError {
  return new RpcError(Code.FAILED_PRECONDITION, `the keys that say who owns what may not be watched: ${reason}`);
}
