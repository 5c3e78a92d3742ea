import { compareBytes } from "../base/bytes.ts";
import { DomainError } from "../base/domain-error.ts";
import type { Revision } from "../base/ids.ts";
import type { KeyValue } from "../proto/gen/kv_pb.js";
import { RangeRequest_SortOrder as SortOrder, RangeRequest_SortTarget as SortTarget } from "../proto/gen/rpc_pb.js";
import type { RangeRequest, RangeResponse } from "../proto/gen/rpc_pb.js";
import type { Deferred, Lookup } from "./deferred.ts";
import type { KeyVersion } from "./key-index.ts";
import { keyRange } from "./key-range.ts";
import { revisionHeader } from "./response-header.ts";
import type { TreeIndex } from "./tree-index.ts";

/** What a range reads from, as it is now: a plan in slices looks again after each pause. */
export interface RangeView {
  readonly index: TreeIndex;
  readonly currentRevision: Revision;
  readonly compactRevision: Revision;
}

/** Keys that one slice visits. */
const SLICE_KEYS = 10_000;
const EMPTY = new Uint8Array();

/** Plans a range in one go. */
export function planRange(view: RangeView, request: RangeRequest): Deferred<RangeResponse> {
  const slices = planRangeSliced(view, request);
  let step = slices.next();
  while (!step.done) step = slices.next();
  return step.value;
}

/** Plans a range with a pause after every some thousand keys; what is written meanwhile is not seen. */
export function* planRangeSliced(
  view: RangeView,
  request: RangeRequest,
): Generator<undefined, Deferred<RangeResponse>> {
  const current = view.currentRevision;
  const revision = readRevision(view, Number(request.revision));
  const collector = new Collector(request, revision);
  let rest = collector.start(view);
  while (rest) {
    yield;
    readRevision(view, revision);
    rest = view.index.scan(rest, SLICE_KEYS, collector.visit);
  }
  return collector.finish(current);
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
    this.#wanted = request.sortOrder !== SortOrder.NONE || hasFilter(request) ? Infinity : this.#limit + 1;
    if (request.countOnly) this.#wanted = 0;
  }

  start(view: RangeView): ReturnType<TreeIndex["scan"]> {
    const range = keyRange(this.#request.key, this.#request.rangeEnd);
    if (!range.isSingle) return view.index.scan(range, SLICE_KEYS, this.visit);
    const history = view.index.get(range.from);
    if (history) this.visit(range.from, history);
    return undefined;
  }

  readonly visit: Parameters<TreeIndex["scan"]>[2] = (_key, history) => {
    if (this.#found.length >= this.#wanted) {
      if (history.isAliveAt(this.#revision)) this.#count++;
      return;
    }
    const version = history.at(this.#revision);
    if (!version || version.isTombstone) return;
    this.#count++;
    this.#found.push(version);
  };

  finish(current: Revision): Deferred<RangeResponse> {
    const request = this.#request;
    const found = sorted(this.#found.filter(filterOf(request)), request);
    const more = found.length > this.#limit;
    const header = revisionHeader(current);
    const count = BigInt(this.#count);
    const answer = (kvs: KeyValue[]): RangeResponse => ({
      $typeName: "etcdserverpb.RangeResponse",
      header,
      kvs,
      more,
      count,
    });
    if (request.sortTarget === SortTarget.VALUE) {
      const build = (lookup: Lookup): RangeResponse =>
        answer(byValue(found, lookup, request).slice(0, this.#limit).map(strip(request)));
      return { revision: this.#revision, needs: found, build };
    }
    const needs = more ? found.slice(0, this.#limit) : found;
    return { revision: this.#revision, needs, build: (lookup) => answer(needs.map(lookup).map(strip(request))) };
  }
}

function hasFilter(request: RangeRequest): boolean {
  const { minModRevision, maxModRevision, minCreateRevision, maxCreateRevision } = request;
  return minModRevision !== 0n || maxModRevision !== 0n || minCreateRevision !== 0n || maxCreateRevision !== 0n;
}

function filterOf(request: RangeRequest): (version: KeyVersion) => boolean {
  if (!hasFilter(request)) return () => true;
  return ({ main, createRevision }) =>
    isInside(main, request.minModRevision, request.maxModRevision) &&
    isInside(createRevision, request.minCreateRevision, request.maxCreateRevision);
}

/** 0 as a bound means none. */
function isInside(revision: Revision, min: bigint, max: bigint): boolean {
  return (min === 0n || revision >= min) && (max === 0n || revision <= max);
}

/** The index gives keys in ascending order; by any other target than the key NONE means ascending, too. */
function sorted(found: KeyVersion[], request: RangeRequest): KeyVersion[] {
  const descending = request.sortOrder === SortOrder.DESCEND;
  const by = (field: (version: KeyVersion) => number): KeyVersion[] =>
    found.toSorted((a, b) => (descending ? field(b) - field(a) : field(a) - field(b)));
  switch (request.sortTarget) {
    case SortTarget.KEY:
      return descending ? found.toReversed() : found;
    case SortTarget.VERSION:
      return by((version) => version.version);
    case SortTarget.CREATE:
      return by((version) => version.createRevision);
    case SortTarget.MOD:
      return by((version) => version.main);
    case SortTarget.VALUE:
    default:
      // Sorted when the values are there. The service refuses other targets.
      return found;
  }
}

function byValue(found: readonly KeyVersion[], lookup: Lookup, request: RangeRequest): KeyValue[] {
  const sign = request.sortOrder === SortOrder.DESCEND ? -1 : 1;
  return found.map(lookup).toSorted((a, b) => sign * compareBytes(a.value, b.value));
}

function strip(request: RangeRequest): (kv: KeyValue) => KeyValue {
  return request.keysOnly ? (kv) => ({ ...kv, value: EMPTY }) : (kv) => kv;
}
