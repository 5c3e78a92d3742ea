import {
  KV,
  type CompactionRequest,
  type CompactionResponse,
  type DeleteRangeRequest,
  type DeleteRangeResponse,
  type PutRequest,
  type PutResponse,
  type RangeRequest,
  type RangeResponse,
  type TxnRequest,
  type TxnResponse,
} from "../proto/gen/rpc_pb.js";
import { changedByTxn } from "./changed-keys.ts";
import type { KeyNamespace } from "./key-namespace.ts";
import type { RevisionOrder } from "./revision-order.ts";
import type { Origin, Upstream } from "./upstream.ts";

/** The keys of the cluster, as the clients of the proxy see them. */
export interface UpstreamKv {
  range(request: RangeRequest, origin: Origin): Promise<RangeResponse>;
  put(request: PutRequest, origin: Origin): Promise<PutResponse>;
  deleteRange(request: DeleteRangeRequest, origin: Origin): Promise<DeleteRangeResponse>;
  txn(request: TxnRequest, origin: Origin): Promise<TxnResponse>;
  compact(request: CompactionRequest, origin: Origin): Promise<CompactionResponse>;
}

/** Within a namespace if there is one, and never back in time if `order` is to be kept. */
export function upstreamKv(
  upstream: Upstream,
  namespace: KeyNamespace | undefined,
  order: RevisionOrder | undefined,
): UpstreamKv {
  const { range, put, deleteRange, txn, compact } = KV.method;
  return {
    async range(request, origin) {
      const inside = namespace?.range(request) ?? request;
      const ask = (): Promise<RangeResponse> => upstream.unary(range, inside, origin);
      const response = await (order?.read(ask) ?? ask());
      return namespace?.stripRange(response) ?? response;
    },
    async put(request, origin) {
      const response = await upstream.unary(put, namespace?.put(request) ?? request, origin);
      return namespace?.stripPut(response) ?? response;
    },
    async deleteRange(request, origin) {
      const response = await upstream.unary(deleteRange, namespace?.deleteRange(request) ?? request, origin);
      return namespace?.stripDeleteRange(response) ?? response;
    },
    async txn(request, origin) {
      const inside = namespace?.txn(request) ?? request;
      const ask = (): Promise<TxnResponse> => upstream.unary(txn, inside, origin);
      const response = await (order && isReading(request) ? order.read(ask) : ask());
      return namespace?.stripTxn(response) ?? response;
    },
    compact: (request, origin) => upstream.unary(compact, request, origin),
  };
}

/** A transaction that changes something must not be asked twice. */
function isReading(request: TxnRequest): boolean {
  return changedByTxn(request).length === 0;
}
