import { create } from "@bufbuild/protobuf";
import { realTiming, type Timing } from "../client/timing.ts";
import type { Logger } from "../ports/logger.ts";
import {
  DeleteRangeResponseSchema,
  PutResponseSchema,
  RangeRequestSchema,
  RequestOpSchema,
  TxnResponseSchema,
  type RequestOp,
  type ResponseHeader,
} from "../proto/gen/rpc_pb.js";
import { changedByTxn } from "./changed-keys.ts";
import { KeyOwner } from "./key-owner.ts";
import { LeasedKeys } from "./leased-keys.ts";
import { LeasingLayout } from "./leasing-layout.ts";
import { LeasingSession } from "./leasing-session.ts";
import { LeasingWrites } from "./leasing-writes.ts";
import { isOfOneKey, rangeOfOneKey } from "./owned-range.ts";
import { txnOfOwnedKeys, type KnownKeys } from "./owned-txn.ts";
import type { SessionLeases } from "./session-leases.ts";
import { NO_ORIGIN, type Origin } from "./upstream.ts";
import type { UpstreamKv } from "./upstream-kv.ts";
import type { OpenWatch } from "./watch-ranges.ts";

/** What a leasing KV works with. */
export interface LeasingKvParts {
  readonly kv: UpstreamKv;
  /** Watches of the same keys that `kv` sees. */
  readonly openWatch: OpenWatch;
  readonly leases: SessionLeases;
  /** Put before a key it is the name of the key that says who owns that; proxies with the same one heed each other. */
  readonly prefix: string;
  readonly logger: Logger;
  readonly timing?: Timing;
}

/** Keys some of which are owned, until it is closed. */
export interface LeasingKv {
  readonly kv: UpstreamKv;
  /** Gives everything back, so that others need not wait for the lease's end. */
  close(): Promise<void>;
}

/**
 * The keys of the cluster, where reads of single keys make this proxy their owner: it answers the next ones by itself, as
 * if the cluster did, and transactions that take a branch of such reads, until somebody with the same prefix wants to
 * change the key and asks for it. The protocol is that of etcd's leasing package (--experimental-leasing-prefix). A caller
 * with a token is always answered by the cluster, which knows what the user may read.
 */
export function leasingKv({ prefix, leases, logger, timing = realTiming, ...upstream }: LeasingKvParts): LeasingKv {
  const latest = new LatestHeader();
  const kv = noting(upstream.kv, latest);
  const layout = new LeasingLayout(new TextEncoder().encode(prefix));
  const keys = new LeasedKeys(() => timing.nowMs());
  const parts = { kv, keys, layout, timing, openWatch: upstream.openWatch, leaseId: () => session.leaseId };
  const owner = new KeyOwner(parts);
  const writes = new LeasingWrites({ ...parts, owner });
  const session = new LeasingSession({
    leases,
    openWatch: upstream.openWatch,
    keys: layout.all,
    mayRead: () => upstream.kv.range(create(RangeRequestSchema, { key: layout.all.key, countOnly: true }), NO_ORIGIN),
    timing,
    logger,
    onEvents: (events) => owner.onEvents(events),
    onEnd: () => keys.forgetAll(),
  });
  const known: KnownKeys = (key) => (session.leaseId === undefined ? undefined : keys.read(key));
  const reads = { ...parts, owner, latest, known };
  const changes = changing(kv, writes);
  const txn = deciding(changes, known, latest);
  return { kv: { ...changes, range: reading(reads), txn }, close: () => session.close() };
}

/** Reads, by whoever knows the keys. */
function reading(parts: {
  readonly kv: UpstreamKv;
  readonly keys: LeasedKeys;
  readonly owner: KeyOwner;
  readonly latest: LatestHeader;
  readonly known: KnownKeys;
  readonly leaseId: () => bigint | undefined;
}): UpstreamKv["range"] {
  const { kv, keys, owner, latest, known, leaseId } = parts;
  return async (request, origin) => {
    if (!isOfOneKey(request) || isNamed(origin)) return kv.range(request, origin);
    await keys.acquisitionOf(request.key);
    const owned = known(request.key);
    if (owned) return rangeOfOneKey(request, owned.kv, latest.header);
    const session = leaseId();
    if (session !== undefined && !request.serializable && keys.mayAcquire(request.key)) {
      return owner.acquire(request, session, origin);
    }
    const idle = keys.idle();
    if (idle) void owner.release(idle[0], idle[1].revision);
    return kv.range(request, origin);
  };
}

/** Transactions of which all is known are answered at once; the others are changes, or the cluster's. */
function deciding(kv: UpstreamKv, known: KnownKeys, latest: LatestHeader): UpstreamKv["txn"] {
  return async (request, origin) => {
    const answer = isNamed(origin) ? undefined : txnOfOwnedKeys(request, known, latest.header);
    return answer ?? kv.txn(request, origin);
  };
}

/** Changes; what cannot be one goes to the cluster as it is, to be refused there. */
function changing(kv: UpstreamKv, writes: LeasingWrites): UpstreamKv {
  const alone = async (request: RequestOp["request"], origin: Origin) => {
    const { header, responses } = await writes.change([create(RequestOpSchema, { request })], origin);
    return { header, response: responses[0]?.response };
  };
  return {
    ...kv,
    async put(request, origin) {
      if (request.key.length === 0) return kv.put(request, origin);
      const { header, response } = await alone({ case: "requestPut", value: request }, origin);
      return headed(response?.case === "responsePut" ? response.value : create(PutResponseSchema), header);
    },
    async deleteRange(request, origin) {
      if (request.key.length === 0) return kv.deleteRange(request, origin);
      const { header, response } = await alone({ case: "requestDeleteRange", value: request }, origin);
      const isOwn = response?.case === "responseDeleteRange";
      return headed(isOwn ? response.value : create(DeleteRangeResponseSchema), header);
    },
    async txn(request, origin) {
      const changed = changedByTxn(request);
      if (changed.length === 0 || changed.some(({ key }) => key.length === 0)) return kv.txn(request, origin);
      const { header, response } = await alone({ case: "requestTxn", value: request }, origin);
      return headed(response?.case === "responseTxn" ? response.value : create(TxnResponseSchema), header);
    },
  };
}

/** Only the outer one of two answers says which revision it is. */
function headed<Response extends { header?: ResponseHeader | undefined }>(
  inner: Response,
  header: ResponseHeader | undefined,
): Response {
  if (header) inner.header = header;
  return inner;
}

/** Whether the cluster has to look at who asks. */
function isNamed(origin: Origin): boolean {
  return origin.metadata("token") !== undefined || origin.metadata("authorization") !== undefined;
}

/**
 * The furthest revision that the cluster is known to have reached: what is owned was not changed by others since it was
 * read, so that it is true at that revision, too.
 */
class LatestHeader {
  header: ResponseHeader | undefined;

  note<Response extends { readonly header?: ResponseHeader | undefined }>(response: Response): Response {
    const { header } = response;
    if (header && header.revision >= (this.header?.revision ?? 0n)) this.header = header;
    return response;
  }
}

function noting(kv: UpstreamKv, latest: LatestHeader): UpstreamKv {
  return {
    ...kv,
    range: async (request, origin) => latest.note(await kv.range(request, origin)),
    txn: async (request, origin) => latest.note(await kv.txn(request, origin)),
  };
}
