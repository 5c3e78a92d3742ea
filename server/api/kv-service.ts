import { create } from "@bufbuild/protobuf";
import { DomainError } from "../base/domain-error.ts";
import { atOnce } from "../base/slices.ts";
import type { RangeFrame } from "../mvcc/range-plan.ts";
import type { Node } from "../node/node.ts";
import type { Command } from "../node/proposals.ts";
import type { ResponseMessage } from "../apply/outcome.ts";
import { InternalRaftRequestSchema } from "../proto/gen/raft_internal_pb.js";
import { AlarmType } from "../proto/gen/rpc_pb.js";
import type {
  CompactionResponse,
  DeleteRangeResponse,
  KV,
  PutResponse,
  RangeRequest,
  RangeResponse,
  TxnRequest,
  TxnResponse,
} from "../proto/gen/rpc_pb.js";
import type { Implementation } from "../rpc/service.ts";
import { completeHeader } from "./header.ts";
import { RangeAnswer } from "./range-answer.ts";
import { checkDeleteRange, checkPut, checkRange, checkTxn } from "./kv-checks.ts";

/** A range over more keys than this is planned and answered in slices, so that others get their turn. */
const SLICED_RANGE_KEYS = 1000;

/** The KV service: reads at one revision, writes through the log. */
export function kvService(node: Node, limits: { readonly maxTxnOps: number }): Implementation<typeof KV> {
  return {
    range(request) {
      refuseOnLearner(node, request.serializable);
      checkRange(request);
      if (request.serializable) return range(node, request);
      return node.linearizable().then(() => range(node, request));
    },
    put(request) {
      refuseOnLearner(node);
      checkPut(request);
      return write<PutResponse>(node, { put: request });
    },
    deleteRange(request) {
      refuseOnLearner(node);
      checkDeleteRange(request);
      return write<DeleteRangeResponse>(node, { deleteRange: request });
    },
    txn(request) {
      refuseOnLearner(node);
      checkTxn(request, limits.maxTxnOps);
      if (isReadOnly(request)) return readTxn(node, request);
      return write<TxnResponse>(node, { txn: request });
    },
    async compact(request) {
      refuseOnLearner(node);
      const response = await write<CompactionResponse>(node, { compaction: request });
      if (request.physical) await node.compactionFinished(Number(request.revision));
      return response;
    },
  };
}

/** A learner answers serializable reads only. */
export function refuseOnLearner(node: Node, isSerializableRead = false): void {
  if (!isSerializableRead && node.isLearner) throw new DomainError("not-supported-for-learner");
}

/** Proposes a command and waits for its answer; quota is looked at before, as etcd does. */
export async function write<T extends ResponseMessage>(node: Node, command: Command): Promise<T> {
  if (!node.quotaAllows(create(InternalRaftRequestSchema, command))) {
    node.raiseNoSpace();
    throw new DomainError("no-space");
  }
  const { fault, response } = await node.propose(command);
  if (fault !== undefined) throw new DomainError(fault);
  if (!response) throw new Error("invariant violated: a client's request has an answer");
  return completeHeader(node, (await node.resolve(response)) as T);
}

function range(node: Node, request: RangeRequest): RangeResponse | Promise<RangeResponse> {
  refuseIfCorrupt(node);
  if (mayBeLarge(node, request)) return largeRange(node, request);
  const plan = node.machine.mvcc.planRange(request);
  const records = node.records(plan.needs);
  const answer = (found: readonly Uint8Array[]): RangeResponse =>
    completeHeader(node, new RangeAnswer(plan.frame, arrangedAtOnce(plan.frame, found)));
  return records instanceof Promise ? records.then(answer) : answer(records);
}

/** All keys of a range are counted, whatever its limit. */
function mayBeLarge(node: Node, { rangeEnd }: RangeRequest): boolean {
  return rangeEnd.length > 0 && node.machine.mvcc.keyCount > SLICED_RANGE_KEYS;
}

async function largeRange(node: Node, request: RangeRequest): Promise<RangeResponse> {
  const { needs, frame } = await node.inSlices(node.machine.mvcc.planRangeSliced(request));
  const records = await node.records(needs);
  const arranged = frame.arrange ? await node.inSlices(frame.arrange(records)) : records;
  const answer = completeHeader(node, new RangeAnswer(frame, arranged));
  await node.inSlices(answer.encodeInSlices());
  return answer;
}

function arrangedAtOnce({ arrange }: RangeFrame, records: readonly Uint8Array[]): readonly Uint8Array[] {
  return arrange ? atOnce(arrange(records)) : records;
}

/** With the CORRUPT alarm nothing is served (etcd's corrupt applier). */
function refuseIfCorrupt(node: Node): void {
  if (node.machine.alarms.has(AlarmType.CORRUPT)) throw new DomainError("corrupt");
}

/** Ranges only, in both branches: nothing that the log would have to know. */
function isReadOnly({ success, failure }: TxnRequest): boolean {
  return [...success, ...failure].every(({ request }) => request.case === "requestRange");
}

function isSerializable({ success, failure }: TxnRequest): boolean {
  return [...success, ...failure].every(({ request }) => request.case === "requestRange" && request.value.serializable);
}

async function readTxn(node: Node, request: TxnRequest): Promise<TxnResponse> {
  if (!isSerializable(request)) await node.linearizable();
  refuseIfCorrupt(node);
  await node.provideTxnValues(request);
  return completeHeader(node, await node.resolve(node.machine.readTxn(request)));
}
