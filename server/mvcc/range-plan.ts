import { compareBytes } from "../base/bytes.ts";
import { DomainError } from "../base/domain-error.ts";
import type { Revision } from "../base/ids.ts";
import { atOnce, type Slices } from "../base/slices.ts";
import { sortInSlices } from "../base/sort-in-slices.ts";
import type { KeyValue } from "../proto/gen/kv_pb.js";
import { RangeRequest_SortOrder as SortOrder, RangeRequest_SortTarget as SortTarget } from "../proto/gen/rpc_pb.js";
import type { RangeRequest, RangeResponse, ResponseHeader } from "../proto/gen/rpc_pb.js";
import { hasRevisionBounds, isWithinRevisionBounds } from "../proto/revision-bounds.ts";
import type { Deferred, Lookup } from "./deferred.ts";
import type { KeyVersion } from "./key-version.ts";
import { keyRange } from "./key-range.ts";
import { decodeRecord, recordValue } from "./record-codec.ts";
import { revisionHeader } from "./response-header.ts";
import type { TreeIndex } from "./tree-index.ts";

/** What a range reads from, as it is now: a plan in slices looks again after each pause. */
export interface RangeView {
  readonly index: TreeIndex;
  readonly currentRevision: Revision;
  readonly compactRevision: Revision;
  /** A range is read from it. */
  noteRange(): void;
}

/** All of a range's answer but the records: whoever has these needs not decode them to send them. */
export interface RangeFrame {
  readonly header: ResponseHeader;
  readonly count: number;
  readonly isKeysOnly: boolean;
  /** Whether there are more keys than the limit lets through. */
  readonly more: boolean;
  /** Puts the records of `needs` in their order and leaves out those beyond the limit; undefined if they are so already. */
  readonly arrange: ((records: readonly Uint8Array[]) => Slices<readonly Uint8Array[]>) | undefined;
}

/** A range as it will be answered: as a message, or as a frame with the records of `needs` in it. */
export interface RangePlan extends Deferred<RangeResponse> {
  readonly frame: RangeFrame;
}

/** Keys that one slice visits. */
const SLICE_KEYS = 5000;
const EMPTY = new Uint8Array();

/** Plans a range in one go. */
export function planRange(view: RangeView, request: RangeRequest): RangePlan {
  return atOnce(planRangeSliced(view, request));
}

/** Plans a range with a pause after every some thousand keys; what is written meanwhile is not seen. */
export function* planRangeSliced(view: RangeView, request: RangeRequest): Slices<RangePlan> {
  view.noteRange();
  const current = view.currentRevision;
  const revision = readRevision(view, Number(request.revision));
  const collector = new Collector(request, revision);
  let rest = collector.start(view);
  while (rest) {
    yield;
    readRevision(view, revision);
    rest = view.index.scan(rest, SLICE_KEYS, collector.visit);
  }
  return yield* collector.finish(current);
}

/** The revision that a read means, if it can be read. */
function readRevision(view: RangeView, asked: Revision): Revision {
  if (asked > view.currentRevision) throw new DomainError("future-revision");
  const revision = asked <= 0 ? view.currentRevision : asked;
  if (revision < view.compactRevision) throw new DomainError("compacted");
  return revision;
}

/** Gathers the versions that answer a range, no more of them than the answer can need. */
class Collector {
  readonly #request: RangeRequest;
  readonly #revision: Revision;
  readonly #limit: number;
  /** How many versions are gathered before the rest is only counted. */
  readonly #wanted: number;
  readonly #found: KeyVersion[] = [];
  #count = 0;

  constructor(request: RangeRequest, revision: Revision) {
    this.#request = request;
    this.#revision = revision;
    this.#limit = request.limit > 0n ? Number(request.limit) : Infinity;
    // One more than the limit tells whether there is more. With a sort order or a filter all are looked at.
    this.#wanted = request.sortOrder !== SortOrder.NONE || hasRevisionBounds(request) ? Infinity : this.#limit + 1;
    if (request.countOnly) this.#wanted = 0;
  }

  start(view: RangeView): ReturnType<TreeIndex["scan"]> {
    const range = keyRange(this.#request.key, this.#request.rangeEnd);
    if (!range.isSingle) return view.index.scan(range, SLICE_KEYS, this.visit);
    const history = view.index.get(range.from);
    if (history) this.visit(history);
    return undefined;
  }

  readonly visit: Parameters<TreeIndex["scan"]>[2] = (history) => {
    if (this.#found.length >= this.#wanted) {
      if (history.isAliveAt(this.#revision)) this.#count++;
      return;
    }
    const version = history.at(this.#revision);
    if (!version || version.isTombstone) return;
    this.#count++;
    this.#found.push(version);
  };

  *finish(current: Revision): Slices<RangePlan> {
    const request = this.#request;
    const found = yield* sorted(this.#found.filter(filterOf(request)), request);
    const more = found.length > this.#limit;
    const isByValue = request.sortTarget === SortTarget.VALUE;
    // Only their values tell which of them are beyond the limit.
    const needs = more && !isByValue ? found.slice(0, this.#limit) : found;
    const frame: RangeFrame = {
      header: revisionHeader(current),
      count: this.#count,
      isKeysOnly: request.keysOnly,
      more,
      arrange: isByValue ? (records) => byValue(records, request, this.#limit) : undefined,
    };
    return { revision: this.#revision, needs, frame, build: (lookup) => message(frame, needs, lookup) };
  }
}

/** The answer as a message, for where it is a part of another one. */
function message(frame: RangeFrame, needs: readonly KeyVersion[], lookup: Lookup): RangeResponse {
  const records = needs.map(lookup);
  const arranged = frame.arrange ? atOnce(frame.arrange(records)) : records;
  return {
    $typeName: "etcdserverpb.RangeResponse",
    header: frame.header,
    kvs: keyValues(frame, arranged),
    more: frame.more,
    count: BigInt(frame.count),
  };
}

/** The records of a range, in order and decoded. */
export function keyValues({ isKeysOnly }: RangeFrame, records: readonly Uint8Array[]): KeyValue[] {
  const all = records.map(decodeRecord);
  return isKeysOnly ? all.map((kv) => ({ ...kv, value: EMPTY })) : all;
}

function filterOf(request: RangeRequest): (version: KeyVersion) => boolean {
  if (!hasRevisionBounds(request)) return () => true;
  return ({ main, createRevision }) => isWithinRevisionBounds(request, { modRevision: main, createRevision });
}

/** The index gives keys in ascending order; by any other target than the key NONE means ascending, too. */
function* sorted(found: readonly KeyVersion[], request: RangeRequest): Slices<readonly KeyVersion[]> {
  const isDescending = request.sortOrder === SortOrder.DESCEND;
  const by = (field: (version: KeyVersion) => number): Slices<readonly KeyVersion[]> =>
    sortInSlices(found, (a, b) => (isDescending ? field(b) - field(a) : field(a) - field(b)));
  switch (request.sortTarget) {
    case SortTarget.KEY:
      return isDescending ? found.toReversed() : found;
    case SortTarget.VERSION:
      return yield* by((version) => version.version);
    case SortTarget.CREATE:
      return yield* by((version) => version.createRevision);
    case SortTarget.MOD:
      return yield* by((version) => version.main);
    case SortTarget.VALUE:
    default:
      // Sorted when the values are there. The service refuses other targets.
      return found;
  }
}

function* byValue(
  records: readonly Uint8Array[],
  { sortOrder }: RangeRequest,
  limit: number,
): Slices<readonly Uint8Array[]> {
  const sign = sortOrder === SortOrder.DESCEND ? -1 : 1;
  const all = yield* sortInSlices(records, (a, b) => sign * compareBytes(recordValue(a), recordValue(b)));
  return all.slice(0, limit);
}
