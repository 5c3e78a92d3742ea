import { create, fromBinary } from "@bufbuild/protobuf";
import {
  InternalRaftRequestSchema,
  RequestSchema,
  type InternalRaftRequest,
  type Request,
} from "./gen/raft_internal_pb.js";
import { TxnRequestSchema, type TxnRequest } from "./gen/rpc_pb.js";

/** Messages within messages in a client's txn: two a level, and etcd's limit of operations lets 128 levels through. */
const TXN_DEPTH = 300;
/** The same in the log, where a txn has a message around it: what was let in has to be read again, on every member. */
const ENTRY_DEPTH = 1000;

/** A txn as a client sent it. */
export function decodeTxn(bytes: Uint8Array): TxnRequest {
  return fromBinary(TxnRequestSchema, bytes, { recursionLimit: TXN_DEPTH });
}

/**
 * The request in an entry of the log. Where etcd 3.5 leads, some entries are a request of the 2.x API with nothing around it:
 * the cluster's first version, and members' names. It is told by its text, which is no message.
 */
export function decodeEntryRequest(data: Uint8Array): InternalRaftRequest {
  try {
    return fromBinary(InternalRaftRequestSchema, data, { recursionLimit: ENTRY_DEPTH });
  } catch (error) {
    const v2 = decodeBareRequest(data);
    if (v2 === undefined) throw error;
    return create(InternalRaftRequestSchema, { v2 });
  }
}

function decodeBareRequest(data: Uint8Array): Request | undefined {
  try {
    const request = fromBinary(RequestSchema, data);
    return request.Method === "" ? undefined : request;
  } catch {
    return undefined;
  }
}
