import type { ByteString } from "../base/byte-string.ts";
import type { LeaseId, Revision } from "../base/ids.ts";
import { compareHolds, type ComparedKey } from "../proto/compare-holds.ts";
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

/** Whether all compares hold; none at all do. */
export function holds(source: CompareSource, compares: readonly Compare[]): boolean {
  return compares.every((compare) => holdsForAll(source, compare));
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

function holdsForAll(source: CompareSource, compare: Compare): boolean {
  const found = versionsIn(source.view, compare.key, compare.rangeEnd);
  if (found.length === 0) return compareHolds(compare, undefined);
  return found.every(([name, version]) => compareHolds(compare, comparedKey(source, name, version)));
}

function comparedKey(source: CompareSource, name: ByteString, version: KeyVersion): ComparedKey {
  return {
    version: version.version,
    createRevision: version.createRevision,
    modRevision: version.main,
    lease: () => source.leaseOf(name),
    value: () => source.valueOf(version),
  };
}
