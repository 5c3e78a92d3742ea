import { create } from "@bufbuild/protobuf";
import { DeleteRangeRequestSchema, RangeRequestSchema, type ResponseHeader } from "../proto/gen/rpc_pb.js";
import { LockResponseSchema, UnlockResponseSchema, type Lock, type LockRequest } from "../proto/gen/v3lock_pb.js";
import type { CallContext, Implementation } from "../rpc/service.ts";
import { Code, RpcError } from "../rpc/status.ts";
import {
  linePrefix,
  sessionLease,
  standInLine,
  takeBack,
  waitForTurn,
  withUnknownFaults,
  type LineServices,
  type Place,
} from "./key-line.ts";
import { CallWatches } from "./watch-feed.ts";

/** The Lock service: whoever stands first in line under a name holds its lock (etcd api/v3lock, concurrency.Mutex). */
export function lockService(services: LineServices): Implementation<typeof Lock> {
  return {
    async lock(request, call) {
      const { header, key } = await withUnknownFaults(() => lock(services, request, call));
      return create(LockResponseSchema, { key, ...(header && { header }) });
    },
    async unlock({ key }, call) {
      const remove = create(DeleteRangeRequestSchema, { key });
      const { header } = await withUnknownFaults(() => services.kv.deleteRange(remove, call));
      return create(UnlockResponseSchema, { ...(header && { header }) });
    },
  };
}

async function lock(
  services: LineServices,
  { name, lease }: LockRequest,
  call: CallContext,
): Promise<{ readonly header: ResponseHeader | undefined; readonly key: Uint8Array }> {
  const watches = new CallWatches(services.node, call);
  const prefix = linePrefix(name);
  const session = await sessionLease(services, lease, call);
  const place = await standInLine(services, { prefix, lease: session, value: new Uint8Array() }, call);
  if (!place.first || place.first.createRevision === place.createRevision) return place;
  try {
    await waitForTurn(services, prefix, place.createRevision - 1n, { call, watches });
    return await stillThere(services, place, call);
  } catch (error) {
    await takeBack(() => services.kv.deleteRange(create(DeleteRangeRequestSchema, { key: place.key }), call));
    throw error;
  }
}

/** The lease may have ended while its key stood in line. */
async function stillThere({ kv }: LineServices, { key }: Place, call: CallContext) {
  const { header, kvs } = await kv.range(create(RangeRequestSchema, { key }), call);
  if (kvs.length === 0) throw new RpcError(Code.UNKNOWN, "mutex: session is expired");
  return { header, key };
}
