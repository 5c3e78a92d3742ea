import { fromBinary } from "@bufbuild/protobuf";
import { InternalRaftRequestSchema, type InternalRaftRequest } from "./gen/raft_internal_pb.js";
import { TxnRequestSchema, type TxnRequest } from "./gen/rpc_pb.js";

/** Messages within messages in a client's txn: two a level, and etcd's limit of operations lets 128 levels through. */
const TXN_DEPTH = 300;
/** The same in the log, where a txn has a message around it: what was let in has to be read again, on every member. */
const ENTRY_DEPTH = 1000;

/** A txn as a client sent it. */
export function decodeTxn(bytes: Uint8Array): TxnRequest {
  return fromBinary(TxnRequestSchema, bytes, { recursionLimit: TXN_DEPTH });
}

/** The request in an entry of the log. */
export function decodeEntryRequest(data: Uint8Array): InternalRaftRequest {
  return fromBinary(InternalRaftRequestSchema, data, { recursionLimit: ENTRY_DEPTH });
}
