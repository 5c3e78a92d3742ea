import { checkTxnPermitted } from "../apply/key-permissions.ts";
import type { Caller } from "../auth/caller.ts";
import { DomainError } from "../base/domain-error.ts";
import { atOnce } from "../base/slices.ts";
import type { RangeFrame } from "../mvcc/range-plan.ts";
import type { Node } from "../node/node.ts";
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
import type { CallContext, Implementation } from "../rpc/service.ts";
import type { Access } from "./access.ts";
import { completeHeader } from "./header.ts";
import { RangeAnswer } from "./range-answer.ts";
import { checkDeleteRange, checkPut, checkRange, checkTxn } from "./kv-checks.ts";
import { write } from "./write.ts";

/** A range over more keys than this is planned and answered in slices, so that others get their turn. */
const SLICED_RANGE_KEYS = 1000;

/** The KV service: reads at one revision, writes through the log. */
export function kvService(
  node: Node,
  access: Access,
  limits: { readonly maxTxnOps: number },
): Implementation<typeof KV> {
  const rangeFor = (request: RangeRequest, call: CallContext): RangeResponse | Promise<RangeResponse> => {
    if (!access.isEnabled) return range(node, request);
    const check = (caller: Caller): void => node.machine.auth.rights.checkRead(caller, request);
    return access.readFor(call, check, () => range(node, request));
  };
  return {
    range(request, call) {
      refuseOnLearner(node, request.serializable);
      checkRange(request);
      if (request.serializable) return rangeFor(request, call);
      return node.linearizable().then(() => rangeFor(request, call));
    },
    put(request, call) {
      refuseOnLearner(node);
      checkPut(request);
      return write<PutResponse>(node, access, call, { put: request });
    },
    deleteRange(request, call) {
      refuseOnLearner(node);
      checkDeleteRange(request);
      return write<DeleteRangeResponse>(node, access, call, { deleteRange: request });
    },
    txn(request, call) {
      refuseOnLearner(node);
      checkTxn(request, limits.maxTxnOps);
      if (isReadOnly(request)) return readTxn(node, access, call, request);
      return write<TxnResponse>(node, access, call, { txn: request });
    },
    async compact(request, call) {
      refuseOnLearner(node);
      await access.requireAdmin(call);
      const response = await write<CompactionResponse>(node, access, call, { compaction: request });
      if (request.physical) await node.compactionFinished(Number(request.revision));
      return response;
    },
  };
}

/** A learner answers serializable reads only. */
export function refuseOnLearner(node: Node, isSerializableRead = false): void {
  if (!isSerializableRead && node.isLearner) throw new DomainError("not-supported-for-learner");
}

/** Reads, and observes how long that took. */
function range(node: Node, request: RangeRequest): RangeResponse | Promise<RangeResponse> {
  const startMs = node.clock.monotonicMs();
  const observe = (isAnswered: boolean): void => {
    node.tallies.apply.onRange(isAnswered, node.clock.monotonicMs() - startMs);
  };
  try {
    const answer = rangeNow(node, request);
    if (answer instanceof Promise) return observed(answer, observe);
    observe(true);
    return answer;
  } catch (error) {
    observe(false);
    throw error;
  }
}

async function observed<T>(answer: Promise<T>, observe: (isAnswered: boolean) => void): Promise<T> {
  let isAnswered = false;
  try {
    const result = await answer;
    isAnswered = true;
    return result;
  } finally {
    observe(isAnswered);
  }
}

function rangeNow(node: Node, request: RangeRequest): RangeResponse | Promise<RangeResponse> {
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

async function readTxn(node: Node, access: Access, call: CallContext, request: TxnRequest): Promise<TxnResponse> {
  if (!isSerializable(request)) await node.linearizable();
  if (!access.isEnabled) return readTxnNow(node, request);
  const check = (caller: Caller): void => checkTxnPermitted(node.machine, caller, request);
  return access.readFor(call, check, () => readTxnNow(node, request));
}

async function readTxnNow(node: Node, request: TxnRequest): Promise<TxnResponse> {
  refuseIfCorrupt(node);
  await node.provideTxnValues(request);
  return completeHeader(node, await node.resolve(node.machine.readTxn(request)));
}
