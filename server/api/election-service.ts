import { create } from "@bufbuild/protobuf";
import { must } from "../base/assert.ts";
import { equalBytes } from "../base/bytes.ts";
import { DomainError } from "../base/domain-error.ts";
import { Event_EventType as EventType, type KeyValue } from "../proto/gen/kv_pb.js";
import { TxnRequestSchema, type ResponseHeader } from "../proto/gen/rpc_pb.js";
import {
  CampaignResponseSchema,
  LeaderResponseSchema,
  ProclaimResponseSchema,
  ResignResponseSchema,
  type CampaignRequest,
  type CampaignResponse,
  type Election,
  type LeaderKey,
  type LeaderRequest,
  type LeaderResponse,
} from "../proto/gen/v3election_pb.js";
import type { CallContext, Implementation, StreamCall } from "../rpc/service.ts";
import { Code, RpcError } from "../rpc/status.ts";
import { headerOf } from "./header.ts";
import {
  firstOf,
  isCreatedAt,
  linePrefix,
  lineRange,
  sessionLease,
  standInLine,
  takeBack,
  waitForTurn,
  withUnknownFaults,
  type LineServices,
} from "./key-line.ts";
import { CallWatches } from "./watch-feed.ts";

/** The Election service: whoever stands first in line under a name leads (etcd api/v3election, concurrency.Election). */
export function electionService(services: LineServices): Implementation<typeof Election> {
  return {
    campaign: (request, call) => withUnknownFaults(() => campaign(services, request, call)),
    async proclaim({ leader, value }, call) {
      const said = { leader: given(leader), value };
      const header = await withUnknownFaults(() => proclaim(services, said, call));
      return create(ProclaimResponseSchema, { ...(header && { header }) });
    },
    async leader({ name }, call) {
      const first = firstOf(linePrefix(name));
      const { header, kvs } = await withUnknownFaults(() => services.kv.range(first, call));
      const [kv] = kvs;
      if (!kv) throw new RpcError(Code.UNKNOWN, "election: no leader");
      return create(LeaderResponseSchema, { kv, ...(header && { header }) });
    },
    observe: (call) => observe(services, call),
    async resign({ leader }, call) {
      const present = given(leader);
      const header = await withUnknownFaults(() => resign(services, present, call));
      return create(ResignResponseSchema, { ...(header && { header }) });
    },
  };
}

function given(leader: LeaderKey | undefined): LeaderKey {
  if (!leader) throw new RpcError(Code.UNKNOWN, '"leader" field must be provided');
  return leader;
}

async function campaign(
  services: LineServices,
  { name, lease: wanted, value }: CampaignRequest,
  call: CallContext,
): Promise<CampaignResponse> {
  const watches = new CallWatches(services.node, call);
  const prefix = linePrefix(name);
  const lease = await sessionLease(services, wanted, call);
  const { key, createRevision, knownValue, header } = await standInLine(services, { prefix, lease, value }, call);
  const leader = { name, key, rev: createRevision, lease };
  try {
    if (knownValue && !equalBytes(knownValue, value)) await proclaim(services, { leader, value }, call);
    await waitForTurn(services, prefix, createRevision - 1n, { call, watches });
  } catch (error) {
    if (call.isCancelled) await takeBack(() => resign(services, leader, call));
    throw error;
  }
  return create(CampaignResponseSchema, { leader, ...(header && { header }) });
}

/** The key of a leadership, as Campaign has answered it. */
type Leadership = Pick<LeaderKey, "key" | "rev" | "lease">;

async function proclaim(
  { kv }: LineServices,
  { leader, value }: { readonly leader: Leadership; readonly value: Uint8Array },
  call: CallContext,
): Promise<ResponseHeader | undefined> {
  const { key, rev, lease } = leader;
  const txn = create(TxnRequestSchema, {
    compare: [isCreatedAt(key, rev)],
    success: [{ request: { case: "requestPut", value: { key, value, lease } } }],
  });
  const { header, succeeded } = await kv.txn(txn, call);
  if (!succeeded) throw new RpcError(Code.UNKNOWN, "election: not leader");
  return header;
}

/** Who does not lead any more has nothing to resign from. */
async function resign(
  { kv }: LineServices,
  { key, rev }: Leadership,
  call: CallContext,
): Promise<ResponseHeader | undefined> {
  const txn = create(TxnRequestSchema, {
    compare: [isCreatedAt(key, rev)],
    success: [{ request: { case: "requestDeleteRange", value: { key } } }],
  });
  const { header } = await kv.txn(txn, call);
  return header;
}

/** As etcd, a stream that cannot go on, for want of history or rights, ends as if all had been said. */
async function observe(services: LineServices, call: StreamCall<LeaderRequest, LeaderResponse>): Promise<void> {
  const watches = new CallWatches(services.node, call);
  for await (const { name } of call.requests) {
    try {
      for (;;) await observeOne(services, linePrefix(name), { call, watches });
    } catch (error) {
      if (error instanceof DomainError || error instanceof RpcError) return;
      throw error;
    }
  }
}

interface Observing {
  readonly call: StreamCall<LeaderRequest, LeaderResponse>;
  readonly watches: CallWatches;
}

/** Tells of the present leader, or waits for one, and of all that it says until it leads no more. */
async function observeOne(services: LineServices, prefix: Uint8Array, { call, watches }: Observing): Promise<void> {
  const { node, kv } = services;
  const { header, kvs } = await kv.range(firstOf(prefix), call);
  const revision = must(header).revision;
  const [present] = kvs;
  const tell = async (said: KeyValue, at: bigint): Promise<void> => {
    const response = create(LeaderResponseSchema, { header: headerOf(node, Number(at)), kv: said });
    if (!call.send(response)) await call.drained();
  };
  const leader = present ?? (await firstPut(prefix, Number(revision), watches));
  const from = present ? revision : leader.modRevision;
  await tell(leader, from);
  await watches.during({ key: leader.key, rangeEnd: new Uint8Array() }, Number(from) + 1, async (feed) => {
    for (;;) {
      const { type, kv: said } = await feed.next();
      if (type === EventType.DELETE) return;
      await tell(must(said), must(said).modRevision);
    }
  });
}

function firstPut(prefix: Uint8Array, from: number, watches: CallWatches): Promise<KeyValue> {
  return watches.during(lineRange(prefix), from, async (feed) => {
    for (;;) {
      const { type, kv } = await feed.next();
      if (type === EventType.PUT) return must(kv);
    }
  });
}
