import { DomainError } from "../base/domain-error.ts";
import type { RequestOp } from "../proto/gen/rpc_pb.js";

/** A range of keys as byte strings. */
interface Interval {
  readonly from: string;
  readonly to: string;
}

/** The keys that a list of operations may write. */
interface Writes {
  readonly puts: Set<string>;
  readonly deletes: Interval[];
}

/**
 * Refuses a list of operations that could write a key twice: a key put twice, or put and deleted. The two branches of
 * a nested txn may share a key, for only one of them runs; overlapping deletes are fine (etcd's checkIntervals).
 */
export function checkIntervals(operations: readonly RequestOp[]): Writes {
  const writes: Writes = { puts: new Set(), deletes: deletesOf(operations) };
  for (const { request } of operations) {
    if (request.case !== "requestTxn") continue;
    const onSuccess = checkIntervals(request.value.success);
    const onFailure = checkIntervals(request.value.failure);
    for (const key of onSuccess.puts) addPut(writes, key);
    for (const key of onFailure.puts) {
      if (writes.puts.has(key) && onSuccess.puts.has(key)) continue;
      addPut(writes, key);
    }
    writes.deletes.push(...onSuccess.deletes, ...onFailure.deletes);
  }
  for (const { request } of operations) {
    if (request.case === "requestPut") addPut(writes, byteText(request.value.key));
  }
  return writes;
}

function deletesOf(operations: readonly RequestOp[]): Interval[] {
  return operations.flatMap(({ request }) => {
    if (request.case !== "requestDeleteRange") return [];
    const { key, rangeEnd } = request.value;
    const from = byteText(key);
    if (rangeEnd.length === 0) return [{ from, to: `${from}\0` }];
    return [{ from, to: byteText(rangeEnd) }];
  });
}

function addPut({ puts, deletes }: Writes, key: string): void {
  const isDeleted = deletes.some(({ from, to }) => key >= from && key < to);
  if (puts.has(key) || isDeleted) throw new DomainError("duplicate-key");
  puts.add(key);
}

/** One character a byte, so that strings compare as the bytes do. */
function byteText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}
