import type { PutRequest, RequestOp, TxnRequest } from "../proto/gen/rpc_pb.js";
import type { SizeAccounting } from "../backend/size-accounting.ts";
import type { Operation } from "./operation.ts";

/** etcd's estimates (storage/quota.go). */
const PUT_OVERHEAD = 256;
const LEASE_COST = 64;

/** What an operation may add to the database, roughly; 0 for one that adds nothing. */
export function quotaCost(operation: Operation): number {
  if (operation.kind === "put") return putCost(operation.request);
  if (operation.kind === "txn") return txnCost(operation.request);
  return operation.kind === "lease-grant" ? LEASE_COST : 0;
}

/** The limit of the database's size. */
export class Quota {
  readonly #sizes: SizeAccounting;
  readonly #quotaBytes: number;

  /** 0 or less: no limit. */
  constructor(sizes: SizeAccounting, quotaBytes: number) {
    this.#sizes = sizes;
    this.#quotaBytes = quotaBytes;
  }

  get dbSize(): number {
    return this.#sizes.dbSize;
  }

  hasRoomFor(operation: Operation): boolean {
    if (this.#quotaBytes <= 0) return true;
    const cost = quotaCost(operation);
    return cost === 0 || this.#sizes.dbSize + cost < this.#quotaBytes;
  }
}

function putCost({ key, value }: PutRequest): number {
  return PUT_OVERHEAD + key.length + value.length;
}

function txnCost({ success, failure }: TxnRequest): number {
  return Math.max(branchCost(success), branchCost(failure));
}

function branchCost(ops: readonly RequestOp[]): number {
  return ops.reduce((cost, { request }) => {
    if (request.case === "requestPut") return cost + putCost(request.value);
    return request.case === "requestTxn" ? cost + txnCost(request.value) : cost;
  }, 0);
}
