import { compareBytes } from "../base/bytes.ts";
import {
  Compare_CompareResult as CompareResult,
  Compare_CompareTarget as CompareTarget,
  type Compare,
} from "./gen/rpc_pb.js";

/** What compares look at of a key: numbers where they are counted, 64 bits wide in messages; the rest when it is needed. */
export interface ComparedKey {
  readonly version: number | bigint;
  readonly createRevision: number | bigint;
  readonly modRevision: number | bigint;
  lease(): bigint;
  value(): Uint8Array;
}

const EMPTY = new Uint8Array();
const MISSING: ComparedKey = { version: 0, createRevision: 0, modRevision: 0, lease: () => 0n, value: () => EMPTY };

/** Whether a transaction's compare holds for a key that it names; undefined: there is no such key (etcd txn/txn.go). */
export function compareHolds(compare: Compare, key: ComparedKey | undefined): boolean {
  // A missing key counts as all zeros, but a missing value is not the empty value: nothing holds for it.
  if (!key && compare.target === CompareTarget.VALUE) return false;
  const order = orderOf(compare, key ?? MISSING);
  switch (compare.result) {
    case CompareResult.EQUAL:
      return order === 0;
    case CompareResult.NOT_EQUAL:
      return order !== 0;
    case CompareResult.GREATER:
      return order > 0;
    case CompareResult.LESS:
      return order < 0;
    default:
      // An unknown result holds, as in etcd.
      return true;
  }
}

function orderOf(compare: Compare, key: ComparedKey): number {
  switch (compare.target) {
    case CompareTarget.VERSION:
      return orderOfNumbers(key.version, wanted(compare, "version"));
    case CompareTarget.CREATE:
      return orderOfNumbers(key.createRevision, wanted(compare, "createRevision"));
    case CompareTarget.MOD:
      return orderOfNumbers(key.modRevision, wanted(compare, "modRevision"));
    case CompareTarget.LEASE:
      return orderOfNumbers(key.lease(), wanted(compare, "lease"));
    case CompareTarget.VALUE: {
      const { targetUnion } = compare;
      return compareBytes(key.value(), targetUnion.case === "value" ? targetUnion.value : EMPTY);
    }
    default:
      // etcd compares nothing for a target that it does not know.
      return 0;
  }
}

/** What is compared with; 0 where the request has another member of the union set, or none. */
function wanted(compare: Compare, name: "version" | "createRevision" | "modRevision" | "lease"): bigint {
  const { targetUnion } = compare;
  return targetUnion.case === name ? targetUnion.value : 0n;
}

function orderOfNumbers(a: number | bigint, b: bigint): number {
  if (a < b) return -1;
  return a > b ? 1 : 0;
}
