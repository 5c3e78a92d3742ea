import { create } from "@bufbuild/protobuf";
import { must } from "../base/assert.ts";
import { concatBytes } from "../base/bytes.ts";
import { DomainError } from "../base/domain-error.ts";
import type { Node } from "../node/node.ts";
import { Event_EventType as EventType, type KeyValue } from "../proto/gen/kv_pb.js";
import {
  Compare_CompareResult as CompareResult,
  Compare_CompareTarget as CompareTarget,
  LeaseGrantRequestSchema,
  RangeRequest_SortOrder as SortOrder,
  RangeRequest_SortTarget as SortTarget,
  RangeRequestSchema,
  TxnRequestSchema,
  type KV,
  type Lease,
  type RangeRequest,
  type ResponseHeader,
  type TxnResponse,
} from "../proto/gen/rpc_pb.js";
import { statusOf } from "../rpc/fault-status.ts";
import type { CallContext, Implementation } from "../rpc/service.ts";
import { Code, RpcError } from "../rpc/status.ts";
import type { CallWatches } from "./watch-feed.ts";

/** The lease of somebody who brings none; nobody keeps it alive (etcd's concurrency.NewSession). */
const SESSION_TTL_SECONDS = 60n;

/** What locks and elections are made of: requests like any client's, under the caller's own rights. */
export interface LineServices {
  readonly node: Node;
  readonly kv: Implementation<typeof KV>;
  readonly lease: Implementation<typeof Lease>;
}

/** A key that stands in line. */
export interface Place {
  readonly key: Uint8Array;
  /** Whoever has the lowest is first. */
  readonly createRevision: bigint;
  /** What the key says, if it had been there before. */
  readonly knownValue: Uint8Array | undefined;
  readonly header: ResponseHeader | undefined;
  /** Who is first. */
  readonly first: KeyValue | undefined;
}

/** `name/`: every key under it stands in one line. */
export function linePrefix(name: Uint8Array): Uint8Array {
  return concatBytes([name, Uint8Array.of(0x2f)]);
}

/** The client's lease, or a fresh one. */
export async function sessionLease({ lease }: LineServices, id: bigint, call: CallContext): Promise<bigint> {
  if (id !== 0n) return id;
  const granted = await lease.leaseGrant(create(LeaseGrantRequestSchema, { TTL: SESSION_TTL_SECONDS }), call);
  return granted.ID;
}

/** Stands in line at the end, with a key named by the lease; or where that key stands already. */
export async function standInLine(
  { kv }: LineServices,
  { prefix, lease, value }: { readonly prefix: Uint8Array; readonly lease: bigint; readonly value: Uint8Array },
  call: CallContext,
): Promise<Place> {
  const key = concatBytes([prefix, new TextEncoder().encode(lease.toString(16))]);
  const first = { request: { case: "requestRange" as const, value: firstOf(prefix) } };
  const txn = create(TxnRequestSchema, {
    compare: [isCreatedAt(key, 0n)],
    success: [{ request: { case: "requestPut", value: { key, value, lease } } }, first],
    failure: [{ request: { case: "requestRange", value: { key } } }, first],
  });
  const { header, succeeded, responses } = await kv.txn(txn, call);
  const [known] = rangeIn(responses, 0);
  return {
    key,
    header,
    createRevision: succeeded ? must(header).revision : must(known).createRevision,
    knownValue: succeeded ? undefined : must(known).value,
    first: rangeIn(responses, 1)[0],
  };
}

/** Resolves when nobody is left who stood in line up to a revision. Rejects if the caller goes away. */
export async function waitForTurn(
  { kv }: LineServices,
  prefix: Uint8Array,
  maxCreateRevision: bigint,
  { call, watches }: { readonly call: CallContext; readonly watches: CallWatches },
): Promise<void> {
  for (;;) {
    const before = create(RangeRequestSchema, {
      ...lineRange(prefix),
      limit: 1n,
      sortTarget: SortTarget.CREATE,
      sortOrder: SortOrder.DESCEND,
      maxCreateRevision,
    });
    const { header, kvs } = await kv.range(before, call);
    const [last] = kvs;
    if (!last) return;
    const keys = { key: last.key, rangeEnd: new Uint8Array() };
    await watches.during(keys, Number(must(header).revision), async (feed) => {
      while ((await feed.next()).type !== EventType.DELETE);
    });
  }
}

/** Who leads a line: a range of its first key. */
export function firstOf(prefix: Uint8Array): RangeRequest {
  const order = { limit: 1n, sortTarget: SortTarget.CREATE, sortOrder: SortOrder.ASCEND };
  return create(RangeRequestSchema, { ...lineRange(prefix), ...order });
}

/** All keys of a line. */
export function lineRange(prefix: Uint8Array): { readonly key: Uint8Array; readonly rangeEnd: Uint8Array } {
  return { key: prefix, rangeEnd: endOfPrefix(prefix) };
}

/** The compare that holds as long as a key is the one that was made at a revision; 0: that it does not exist. */
export function isCreatedAt(key: Uint8Array, createRevision: bigint) {
  const targetUnion = { case: "createRevision" as const, value: createRevision };
  return { key, target: CompareTarget.CREATE, result: CompareResult.EQUAL, targetUnion };
}

/** The first key that does not begin so. A prefix of a line ends with a slash, so there is one. */
function endOfPrefix(prefix: Uint8Array): Uint8Array {
  const end = prefix.slice();
  end[end.length - 1] = (end.at(-1) ?? 0) + 1;
  return end;
}

function rangeIn(responses: TxnResponse["responses"], position: number): readonly KeyValue[] {
  const response = responses[position]?.response;
  return response?.case === "responseRange" ? response.value.kvs : [];
}

/** In etcd these services are clients of their own server, so that every fault comes out as Unknown, under its text. */
export async function withUnknownFaults<T>(run: () => T | Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const status = error instanceof DomainError ? statusOf(error) : undefined;
    if (status) throw new RpcError(Code.UNKNOWN, status.message, { cause: error });
    throw error;
  }
}

/** Takes back what a call that failed has left, as far as that is possible: the lease takes the rest. */
export async function takeBack(remove: () => unknown): Promise<void> {
  try {
    await remove();
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
  }
}
