import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  Compare_CompareResult as Result,
  Compare_CompareTarget as Target,
  KV,
  type RequestOpSchema,
} from "../../../server/proto/gen/rpc_pb.js";
import { bytes } from "../../support/etcd-client.ts";
import { bad, type BadCall } from "./bad-call.ts";

const { put, range, deleteRange, txn, compact } = KV.method;
type Op = MessageInitShape<typeof RequestOpSchema>;

const [a, b, c, none, zero] = [bytes("a"), bytes("b"), bytes("c"), bytes("none"), Uint8Array.of(0)];
const putOp = (value: MessageInitShape<typeof put.input>): Op => ({ request: { case: "requestPut", value } });
const rangeOp = (value: MessageInitShape<typeof range.input>): Op => ({ request: { case: "requestRange", value } });
const deleteOp = (value: MessageInitShape<typeof deleteRange.input>): Op => ({
  request: { case: "requestDeleteRange", value },
});
const txnOp = (value: MessageInitShape<typeof txn.input>): Op => ({ request: { case: "requestTxn", value } });
const many = (count: number): Op[] => Array.from({ length: count }, (_, i) => putOp({ key: bytes(`k${String(i)}`) }));
const nested = (depth: number, inner: Op): Op => (depth === 0 ? inner : txnOp({ success: [nested(depth - 1, inner)] }));
/** Values that an enum does not have. */
const [UNKNOWN, NEGATIVE] = [9 as never, -1 as never];
/** etcd's limits: of a request, and of a message above it. */
const REQUEST_BYTES = 1.5 * 1024 * 1024;
const MESSAGE_BYTES = REQUEST_BYTES + 512 * 1024;

const PUTS: readonly BadCall[] = [
  bad(put, {}),
  bad(put, { value: a }),
  bad(put, { key: a, lease: 99n }),
  bad(put, { key: a, lease: -1n }),
  bad(put, { key: a, value: b, ignoreValue: true }),
  bad(put, { key: a, lease: 7n, ignoreLease: true }),
  bad(put, { key: none, ignoreValue: true }),
  bad(put, { key: none, ignoreLease: true }),
  bad(put, { key: none, ignoreValue: true, ignoreLease: true, prevKv: true }),
  bad(put, { key: none, ignoreValue: true, lease: 99n }),
  bad(put, { ignoreValue: true, value: b }),
  bad(put, { key: a, value: new Uint8Array(REQUEST_BYTES) }),
  bad(put, { key: new Uint8Array(REQUEST_BYTES) }),
  bad(put, { key: a, value: new Uint8Array(MESSAGE_BYTES) }, { hasOwnWords: true }),
  bad(put, { key: a, value: bytes("1") }),
  bad(put, { key: zero, value: zero }),
];

const RANGES: readonly BadCall[] = [
  bad(range, {}),
  bad(range, { rangeEnd: zero }),
  bad(range, { serializable: true }),
  bad(range, { key: a, revision: 1000n }),
  bad(range, { key: a, revision: 9_007_199_254_740_993n }),
  bad(range, { key: a, revision: 9_223_372_036_854_775_807n }),
  bad(range, { key: a, revision: 1000n, serializable: true }),
  bad(range, { key: a, revision: -1n }),
  bad(range, { key: a, revision: -9_223_372_036_854_775_808n }),
  bad(range, { key: a, sortOrder: UNKNOWN }),
  bad(range, { key: a, sortOrder: NEGATIVE }),
  bad(range, { key: a, sortTarget: UNKNOWN }),
  bad(range, { key: a, sortTarget: NEGATIVE, sortOrder: 1 }),
  bad(range, { key: a, limit: -1n }),
  bad(range, { key: a, limit: -9_223_372_036_854_775_808n }),
  bad(range, { key: b, rangeEnd: a }),
  bad(range, { key: a, rangeEnd: a }),
  bad(range, { key: a, minModRevision: -5n, maxModRevision: -1n }),
  bad(range, { key: zero, rangeEnd: zero, minCreateRevision: 9n, maxCreateRevision: 1n }),
  bad(range, { key: a, countOnly: true, keysOnly: true, limit: 1n }),
];

const DELETIONS: readonly BadCall[] = [
  bad(deleteRange, {}),
  bad(deleteRange, { rangeEnd: a }),
  bad(deleteRange, { key: c, rangeEnd: a }),
  bad(deleteRange, { key: c, rangeEnd: c }),
  bad(deleteRange, { key: none, prevKv: true }),
];

const TXNS: readonly BadCall[] = [
  bad(txn, {}),
  bad(txn, { success: [{}] }),
  bad(txn, { success: [rangeOp({})] }),
  bad(txn, { failure: [rangeOp({})] }),
  bad(txn, { success: [putOp({})] }),
  bad(txn, { failure: [putOp({})] }),
  bad(txn, { failure: [deleteOp({})] }),
  bad(txn, { compare: [{}] }),
  bad(txn, { compare: [{ key: a, target: UNKNOWN }] }),
  bad(txn, { compare: [{ key: a, result: UNKNOWN }] }),
  bad(txn, { compare: [{ key: a, target: Target.VALUE }] }),
  bad(txn, { compare: [{ key: a, target: Target.VALUE, targetUnion: { case: "version", value: 1n } }] }),
  bad(txn, { compare: [{ key: a, target: Target.VERSION, targetUnion: { case: "value", value: a } }] }),
  bad(txn, { compare: [{ key: a, target: Target.LEASE, targetUnion: { case: "modRevision", value: 1n } }] }),
  bad(txn, { compare: [{ key: b, rangeEnd: a, target: Target.MOD }] }),
  bad(txn, { compare: [{ key: none, rangeEnd: zero, target: Target.CREATE, result: Result.NOT_EQUAL }] }),
  bad(txn, { success: many(129) }),
  bad(txn, { failure: many(129) }),
  bad(txn, { compare: Array.from({ length: 129 }, () => ({ key: a })) }),
  bad(txn, { success: [txnOp({ success: many(129) })] }),
  bad(txn, { success: [putOp({ key: a }), putOp({ key: a })] }),
  bad(txn, { failure: [putOp({ key: a }), putOp({ key: a })] }),
  bad(txn, { success: [putOp({ key: a }), deleteOp({ key: a })] }),
  bad(txn, { success: [deleteOp({ key: a, rangeEnd: c }), putOp({ key: b })] }),
  bad(txn, { success: [deleteOp({ key: a, rangeEnd: zero }), putOp({ key: bytes("zz") })] }),
  bad(txn, { success: [deleteOp({ key: none }), deleteOp({ key: none })] }),
  bad(txn, { success: [putOp({ key: a }), txnOp({ success: [putOp({ key: a })] })] }),
  bad(txn, { success: [putOp({ key: a }), txnOp({ failure: [putOp({ key: a })] })] }),
  bad(txn, { success: [txnOp({ success: [putOp({ key: a })], failure: [putOp({ key: a })] })] }),
  bad(txn, { success: [txnOp({ success: [deleteOp({ key: a, rangeEnd: c })] }), putOp({ key: b })] }),
  bad(txn, { success: [txnOp({ success: [putOp({})] })] }),
  bad(txn, { success: [txnOp({ compare: [{}] })] }),
  bad(txn, { success: [txnOp({ failure: [rangeOp({})] })] }),
  bad(txn, { success: [nested(10, putOp({}))] }),
  bad(txn, { success: [nested(10, rangeOp({ key: none }))] }),
  ...[48, 49, 50, 100, 126, 127, 128].map((depth) =>
    bad(txn, { success: [nested(depth, txnOp({ compare: [{ key: a }] }))] }),
  ),
  bad(txn, { success: [putOp({ key: a, lease: 99n })] }),
  bad(txn, { success: [putOp({ key: none, ignoreValue: true })] }),
  bad(txn, { success: [putOp({ key: none, ignoreLease: true })] }),
  bad(txn, { success: [putOp({ key: none, ignoreValue: true, lease: 99n })] }),
  bad(txn, { success: [putOp({ key: a, value: b, ignoreValue: true })] }),
  bad(txn, { success: [putOp({ key: a, lease: 7n, ignoreLease: true })] }),
  bad(txn, { success: [rangeOp({ key: a, revision: 1000n })] }),
  bad(txn, { success: [rangeOp({ key: a, revision: -1n })] }),
  bad(txn, { success: [rangeOp({ key: a, sortOrder: UNKNOWN })] }),
  bad(txn, { success: [rangeOp({ key: a, sortTarget: UNKNOWN, serializable: true })] }),
  bad(txn, { success: [putOp({ key: bytes("x") }), rangeOp({ key: a, revision: 1000n })] }),
  bad(txn, { success: [putOp({ key: a, value: new Uint8Array(REQUEST_BYTES) })] }),
];

const COMPACTIONS: readonly BadCall[] = [
  bad(compact, { revision: -1n }),
  bad(compact, { revision: 1000n }),
  bad(compact, { revision: 9_223_372_036_854_775_807n }),
  bad(compact, { revision: 2n, physical: true }),
  bad(compact, { revision: 2n }),
  bad(compact, { revision: 1n, physical: true }),
  bad(compact, { revision: 0n }),
  bad(compact, {}),
  bad(range, { key: a, revision: 1n }),
  bad(range, { key: a, revision: 1n, serializable: true }),
  bad(range, { key: a, rangeEnd: zero, revision: 1n, countOnly: true }),
  bad(txn, { success: [rangeOp({ key: a, revision: 1n })] }),
  bad(txn, { success: [putOp({ key: bytes("x") }), rangeOp({ key: a, revision: 1n })] }),
];

/** The KV service. */
export const BAD_KV_CALLS: readonly BadCall[] = [...PUTS, ...RANGES, ...DELETIONS, ...TXNS, ...COMPACTIONS];
