import { create } from "@bufbuild/protobuf";
import type { KeyValue } from "../proto/gen/kv_pb.js";
import {
  RangeRequest_SortOrder as SortOrder,
  RangeRequest_SortTarget as SortTarget,
  RangeResponseSchema,
  type RangeRequest,
  type RangeResponse,
  type ResponseHeader,
} from "../proto/gen/rpc_pb.js";
import { isWithinRevisionBounds } from "../proto/revision-bounds.ts";

const NO_VALUE = new Uint8Array();

/** Whether whoever knows a key's present state can answer the read: it is of one key, of now, and not refused. */
export function isOfOneKey(request: RangeRequest): boolean {
  const { key, rangeEnd, revision } = request;
  return key.length > 0 && rangeEnd.length === 0 && revision === 0n && isKnownSort(request);
}

/** Whether a cluster knows what the read is to be sorted by; else it refuses it. */
export function isKnownSort({ sortOrder, sortTarget }: RangeRequest): boolean {
  return SortOrder[sortOrder] !== undefined && SortTarget[sortTarget] !== undefined;
}

/** What a cluster says to a read of one key; without `kv` there is no such key. */
export function rangeOfOneKey(
  request: RangeRequest,
  kv: KeyValue | undefined,
  header: ResponseHeader | undefined,
): RangeResponse {
  const head = header && { header };
  if (!kv) return create(RangeResponseSchema, { ...head });
  const isHidden = request.countOnly || !isWithinRevisionBounds(request, kv);
  if (isHidden) return create(RangeResponseSchema, { ...head, count: 1n });
  const shown = request.keysOnly ? { ...kv, value: NO_VALUE } : kv;
  return create(RangeResponseSchema, { ...head, count: 1n, kvs: [shown] });
}
