import { compareBytes } from "../base/bytes.ts";
import type { ByteString } from "../base/byte-string.ts";
import type { LeaseId, Revision } from "../base/ids.ts";
import { Compare_CompareResult as CompareResult, Compare_CompareTarget as CompareTarget } from "../proto/gen/rpc_pb.js";
import type { Compare } from "../proto/gen/rpc_pb.js";
import type { KeyVersion } from "../mvcc/key-version.ts";
import { keyRange } from "../mvcc/key-range.ts";
import type { RangeView } from "../mvcc/range-plan.ts";
import type { RevisionKey } from "../mvcc/revision.ts";

/** What a compare reads: the index, leases, and values that have been fetched before. */
export interface CompareSource {
  readonly view: RangeView;
  leaseOf(key: ByteString): LeaseId;
  valueOf(revision: RevisionKey): Uint8Array;
}

const EMPTY = new Uint8Array();

/** Whether all compares hold; none at all do. */
export function holds(source: CompareSource, compares: readonly Compare[]): boolean {
  return compares.every((compare) => compareHolds(source, compare));
}

/** The present versions of all keys that a compare or an operation names. */
export function versionsIn(
  view: RangeView,
  key: Uint8Array,
  rangeEnd: Uint8Array,
): readonly (readonly [ByteString, KeyVersion])[] {
  const found: [ByteString, KeyVersion][] = [];
  const revision: Revision = view.currentRevision;
  const range = keyRange(key, rangeEnd);
  const collect: Parameters<RangeView["index"]["scan"]>[2] = (history) => {
    if (!history.isAliveAt(revision)) return;
    const version = history.at(revision);
    if (version) found.push([history.key, version]);
  };
  if (range.isSingle) {
    const history = view.index.get(range.from);
    if (history) collect(history);
  } else view.index.scan(range, Infinity, collect);
  return found;
}

function compareHolds(source: CompareSource, compare: Compare): boolean {
  const found = versionsIn(source.view, compare.key, compare.rangeEnd);
  // A missing key counts as all zeros, but a missing value is not the empty value: nothing holds for it.
  if (found.length === 0)
    return compare.target !== CompareTarget.VALUE && resultHolds(compare, orderOfMissing(compare));
  return found.every(([name, version]) => resultHolds(compare, orderOf(source, compare, name, version)));
}

function orderOf(source: CompareSource, compare: Compare, name: ByteString, version: KeyVersion): number {
  switch (compare.target) {
    case CompareTarget.VERSION:
      return compareNumbers(BigInt(version.version), wanted(compare, "version"));
    case CompareTarget.CREATE:
      return compareNumbers(BigInt(version.createRevision), wanted(compare, "createRevision"));
    case CompareTarget.MOD:
      return compareNumbers(BigInt(version.main), wanted(compare, "modRevision"));
    case CompareTarget.LEASE:
      return compareNumbers(source.leaseOf(name), wanted(compare, "lease"));
    case CompareTarget.VALUE: {
      const { targetUnion } = compare;
      return compareBytes(source.valueOf(version), targetUnion.case === "value" ? targetUnion.value : EMPTY);
    }
    default:
      // etcd compares nothing for a target that it does not know.
      return 0;
  }
}

function orderOfMissing(compare: Compare): number {
  switch (compare.target) {
    case CompareTarget.VERSION:
      return compareNumbers(0n, wanted(compare, "version"));
    case CompareTarget.CREATE:
      return compareNumbers(0n, wanted(compare, "createRevision"));
    case CompareTarget.MOD:
      return compareNumbers(0n, wanted(compare, "modRevision"));
    case CompareTarget.LEASE:
      return compareNumbers(0n, wanted(compare, "lease"));
    case CompareTarget.VALUE:
    default:
      return 0;
  }
}

/** What is compared with; 0 where the request has another member of the union set, or none. */
function wanted(compare: Compare, name: "version" | "createRevision" | "modRevision" | "lease"): bigint {
  const { targetUnion } = compare;
  return targetUnion.case === name ? targetUnion.value : 0n;
}

function resultHolds(compare: Compare, order: number): boolean {
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

function compareNumbers(a: bigint, b: bigint): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
