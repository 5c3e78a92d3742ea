import type { PutRequest, RequestOp, ResponseOp, TxnRequest } from "../proto/gen/rpc_pb.js";
import { NO_END, type KeyInterval } from "./key-namespace.ts";

/** Keys that operations may change. */
export interface ChangedKeys extends KeyInterval {
  /** The one put that changes them; undefined: they are deleted. */
  readonly put: PutRequest | undefined;
}

/** What became of a key: put, or deleted. */
export interface KeyChange {
  readonly key: Uint8Array;
  readonly revision: bigint;
  readonly put: PutRequest | undefined;
}

/** All keys that operations may change, on whichever branch of the transactions among them. */
export function changedKeys(operations: readonly RequestOp[]): readonly ChangedKeys[] {
  return operations.flatMap(({ request }): readonly ChangedKeys[] => {
    switch (request.case) {
      case "requestPut":
        return [{ key: request.value.key, rangeEnd: NO_END, put: request.value }];
      case "requestDeleteRange":
        return [{ key: request.value.key, rangeEnd: request.value.rangeEnd, put: undefined }];
      case "requestTxn":
        return changedByTxn(request.value);
      case "requestRange":
      case undefined:
        return [];
    }
  });
}

/** All keys that a transaction may change; none: it only reads. */
export function changedByTxn({ success, failure }: TxnRequest): readonly ChangedKeys[] {
  return changedKeys([...success, ...failure]);
}

/** The changes of single keys that have happened, by the answers to the operations; ranges are left out. */
export function keyChanges(
  operations: readonly RequestOp[],
  responses: readonly ResponseOp[],
  revision: bigint,
): readonly KeyChange[] {
  return operations.flatMap(({ request }, at): readonly KeyChange[] => {
    const response = responses[at]?.response;
    if (request.case === "requestPut") return [{ key: request.value.key, revision, put: request.value }];
    if (request.case === "requestDeleteRange" && response?.case === "responseDeleteRange") {
      // What deletes nothing has no revision of its own, and so no place among the others.
      const isChange = request.value.rangeEnd.length === 0 && response.value.deleted > 0n;
      return isChange ? [{ key: request.value.key, revision, put: undefined }] : [];
    }
    if (request.case === "requestTxn" && response?.case === "responseTxn") {
      const { success, failure } = request.value;
      return keyChanges(response.value.succeeded ? success : failure, response.value.responses, revision);
    }
    return [];
  });
}
