import type { KV, RequestOp, TxnRequest, TxnResponse } from "../proto/gen/rpc_pb.js";
import type { Implementation } from "../rpc/service.ts";
import { changedByTxn } from "./changed-keys.ts";
import { NO_END, type KeyInterval } from "./key-namespace.ts";
import { RangeCache, type PendingRange } from "./range-cache.ts";
import type { Origin } from "./upstream.ts";
import type { UpstreamKv } from "./upstream-kv.ts";

/** What is counted of the cache. */
export interface CacheCounts {
  hits: number;
  misses: number;
  readonly keys: number;
}

/** The KV service of a proxy, and how its cache does. */
export interface KvProxy {
  readonly service: Implementation<typeof KV>;
  readonly counts: CacheCounts;
}

/** The KV service over the cluster's: serializable reads are answered from what was read before, where that is known. */
export function kvProxy(kv: UpstreamKv): KvProxy {
  const cache = new RangeCache();
  const counts = {
    hits: 0,
    misses: 0,
    get keys() {
      return cache.size;
    },
  };
  const service: Implementation<typeof KV> = {
    async range(request, call) {
      const caller = callerOf(call);
      if (request.serializable) {
        const known = cachedOrCompacted(() => cache.get(request, caller), counts);
        if (known) return known;
      }
      const pending = cache.begin(request, caller);
      try {
        const response = await kv.range(request, call);
        pending.keep(response);
        return response;
      } finally {
        pending.forget();
      }
    },
    put: (request, call) => {
      const keys = { key: request.key, rangeEnd: NO_END };
      return changing(cache, [keys], () => kv.put(request, call));
    },
    deleteRange: (request, call) => changing(cache, [request], () => kv.deleteRange(request, call)),
    async txn(request, call) {
      // A comparison may say that a key is not what is known of it; to be safe, that is forgotten.
      for (const compare of request.compare) cache.invalidate(compare);
      const reads = new TxnReads(cache, request, callerOf(call));
      try {
        const response = await changing(cache, changedByTxn(request), () => kv.txn(request, call));
        reads.keep(response);
        return response;
      } finally {
        reads.forget();
      }
    },
    async compact(request, call) {
      const response = await kv.compact(request, call);
      cache.compact(request.revision);
      return response;
    },
  };
  return { service, counts };
}

function callerOf(call: Origin): string {
  return call.metadata("token") ?? call.metadata("authorization") ?? "";
}

/** A refusal by the cache is an answer from it, too. */
function cachedOrCompacted<T>(get: () => T | undefined, counts: CacheCounts): T | undefined {
  let isKnown = true;
  try {
    const known = get();
    isKnown = known !== undefined;
    return known;
  } finally {
    if (isKnown) counts.hits++;
    else counts.misses++;
  }
}

/** Forgets the keys before and after: what was read in between may be from before the change. */
async function changing<T>(cache: RangeCache, changed: readonly KeyInterval[], change: () => Promise<T>): Promise<T> {
  for (const keys of changed) cache.invalidate(keys);
  try {
    return await change();
  } finally {
    for (const keys of changed) cache.invalidate(keys);
  }
}

/** What a transaction that only reads has read answers later reads as well; one that changes could have read before it did. */
class TxnReads {
  readonly #success: readonly (PendingRange | undefined)[];
  readonly #failure: readonly (PendingRange | undefined)[];

  constructor(cache: RangeCache, request: TxnRequest, caller: string) {
    const isReading = changedByTxn(request).length === 0;
    const begin = ({ request: asked }: RequestOp): PendingRange | undefined =>
      isReading && asked.case === "requestRange" ? cache.begin(asked.value, caller) : undefined;
    this.#success = request.success.map(begin);
    this.#failure = request.failure.map(begin);
  }

  keep({ succeeded, responses }: TxnResponse): void {
    const taken = succeeded ? this.#success : this.#failure;
    for (const [at, { response }] of responses.entries()) {
      if (response.case === "responseRange") taken[at]?.keep(response.value);
    }
  }

  forget(): void {
    for (const pending of [...this.#success, ...this.#failure]) pending?.forget();
  }
}
