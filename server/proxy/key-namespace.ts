import { concatBytes } from "../base/bytes.ts";
import { DomainError } from "../base/domain-error.ts";
import { prefixEnd } from "../client/key-range-end.ts";
import type { Event, KeyValue } from "../proto/gen/kv_pb.js";
import type {
  Compare,
  DeleteRangeRequest,
  DeleteRangeResponse,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  RequestOp,
  ResponseOp,
  TxnRequest,
  TxnResponse,
} from "../proto/gen/rpc_pb.js";

/** A key, or all keys from the first to before the second; a second of one zero byte means: to the end. */
export interface KeyInterval {
  readonly key: Uint8Array;
  readonly rangeEnd: Uint8Array;
}

/** The end of an interval that is one key alone. */
export const NO_END: Uint8Array = new Uint8Array();

/**
 * A prefix that clients do not see: it is put before every key that they name and taken off every key that they get,
 * so that "to the end" ends with the prefix. Requests are copied, responses changed in place: they are ours.
 */
export class KeyNamespace {
  readonly #prefix: Uint8Array;

  constructor(prefix: Uint8Array) {
    this.#prefix = prefix;
  }

  /** Where the keys of an interval are for the cluster. */
  interval({ key, rangeEnd }: KeyInterval): KeyInterval {
    return { key: concatBytes([this.#prefix, key]), rangeEnd: this.#end(rangeEnd) };
  }

  /** The key without the prefix; undefined: it is outside. */
  inner(key: Uint8Array): Uint8Array | undefined {
    const prefix = this.#prefix;
    if (key.length < prefix.length || prefix.some((byte, at) => key[at] !== byte)) return undefined;
    return key.subarray(prefix.length);
  }

  range(request: RangeRequest): RangeRequest {
    return { ...request, ...this.#named(request) };
  }

  put(request: PutRequest): PutRequest {
    return { ...request, key: this.#named({ key: request.key, rangeEnd: NO_END }).key };
  }

  deleteRange(request: DeleteRangeRequest): DeleteRangeRequest {
    return { ...request, ...this.#named(request) };
  }

  txn(request: TxnRequest): TxnRequest {
    return {
      ...request,
      compare: request.compare.map((compare) => this.#compare(compare)),
      success: request.success.map((operation) => this.#operation(operation)),
      failure: request.failure.map((operation) => this.#operation(operation)),
    };
  }

  stripRange(response: RangeResponse): RangeResponse {
    for (const kv of response.kvs) this.#strip(kv);
    return response;
  }

  stripPut(response: PutResponse): PutResponse {
    if (response.prevKv) this.#strip(response.prevKv);
    return response;
  }

  stripDeleteRange(response: DeleteRangeResponse): DeleteRangeResponse {
    for (const kv of response.prevKvs) this.#strip(kv);
    return response;
  }

  stripTxn(response: TxnResponse): TxnResponse {
    for (const operation of response.responses) this.#stripOperation(operation);
    return response;
  }

  stripEvents(events: readonly Event[]): void {
    for (const { kv, prevKv } of events) {
      if (kv) this.#strip(kv);
      if (prevKv) this.#strip(prevKv);
    }
  }

  /** With a prefix before it no key is empty any more, so the cluster would not refuse one. */
  #named(interval: KeyInterval): KeyInterval {
    if (interval.key.length === 0) throw new DomainError("empty-key");
    return this.interval(interval);
  }

  #end(rangeEnd: Uint8Array): Uint8Array {
    if (rangeEnd.length === 0) return rangeEnd;
    return isToTheEnd(rangeEnd) ? prefixEnd(this.#prefix) : concatBytes([this.#prefix, rangeEnd]);
  }

  #compare(compare: Compare): Compare {
    return { ...compare, ...this.#named(compare) };
  }

  #operation(operation: RequestOp): RequestOp {
    const { request } = operation;
    switch (request.case) {
      case "requestRange":
        return { ...operation, request: { case: request.case, value: this.range(request.value) } };
      case "requestPut":
        return { ...operation, request: { case: request.case, value: this.put(request.value) } };
      case "requestDeleteRange":
        return { ...operation, request: { case: request.case, value: this.deleteRange(request.value) } };
      case "requestTxn":
        return { ...operation, request: { case: request.case, value: this.txn(request.value) } };
      case undefined:
        return operation;
    }
  }

  #stripOperation({ response }: ResponseOp): void {
    switch (response.case) {
      case "responseRange":
        this.stripRange(response.value);
        return;
      case "responsePut":
        this.stripPut(response.value);
        return;
      case "responseDeleteRange":
        this.stripDeleteRange(response.value);
        return;
      case "responseTxn":
        this.stripTxn(response.value);
        return;
      case undefined:
        return;
    }
  }

  #strip(kv: KeyValue): void {
    kv.key = this.inner(kv.key) ?? kv.key;
  }
}

/** Whether a range end means "to the end of all keys". */
export function isToTheEnd(rangeEnd: Uint8Array): boolean {
  return rangeEnd.length === 1 && rangeEnd[0] === 0;
}
