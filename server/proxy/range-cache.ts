import { toBinary } from "@bufbuild/protobuf";
import { byteString } from "../base/byte-string.ts";
import { DomainError } from "../base/domain-error.ts";
import { RangeRequestSchema, type RangeRequest, type RangeResponse } from "../proto/gen/rpc_pb.js";
import type { KeyInterval } from "./key-namespace.ts";
import { spanOf, spansOverlap, type KeySpan } from "./key-span.ts";

/** Answers that are kept at most; the one that was not asked for longest goes first (etcd's DefaultMaxEntries). */
const MAX_ENTRIES = 2048;

interface Entry extends KeySpan {
  readonly response: RangeResponse;
  /** Read at a named revision: later changes do not touch it. */
  readonly isFixed: boolean;
}

/** A range that was asked of the cluster and whose answer may be kept; `forget` ends it in any case. */
export interface PendingRange {
  /** Keeps the answer, unless a change of its keys has gone by meanwhile. */
  keep(response: RangeResponse): void;
  /** There was no answer, or it is kept already. */
  forget(): void;
}

/**
 * Answers of ranges, for serializable reads: as old as the last change of their keys through this proxy. A change by
 * another way is not seen, as with etcd's proxy. Unlike there an answer is given only to the caller who got it (`caller`
 * is the token), and one that a change overtook on its way is not kept.
 */
export class RangeCache {
  readonly #entries = new Map<string, Entry>();
  readonly #pending = new Set<KeySpan & { isStale: boolean }>();
  readonly #maxEntries: number;
  #compactedRevision = -1n;

  constructor(maxEntries = MAX_ENTRIES) {
    this.#maxEntries = maxEntries;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Undefined: not known. Throws the fault compacted as the cluster would. */
  get(request: RangeRequest, caller: string): RangeResponse | undefined {
    const id = idOf(request, caller);
    if (request.revision > 0n && request.revision < this.#compactedRevision) {
      this.#entries.delete(id);
      throw new DomainError("compacted");
    }
    const entry = this.#entries.get(id);
    if (!entry) return undefined;
    // The order of a Map is that of its insertions: the last asked for is the last one.
    this.#entries.delete(id);
    this.#entries.set(id, entry);
    return entry.response;
  }

  /** Says that the answer of a range is on its way. */
  begin(request: RangeRequest, caller: string): PendingRange {
    const pending = { ...spanOf(request), isStale: false };
    this.#pending.add(pending);
    return {
      keep: (response) => {
        this.#pending.delete(pending);
        if (!pending.isStale) this.#add(request, caller, response);
      },
      forget: () => {
        this.#pending.delete(pending);
      },
    };
  }

  /** These keys change or have changed. */
  invalidate(keys: KeyInterval): void {
    const changed = spanOf(keys);
    for (const pending of this.#pending) if (spansOverlap(pending, changed)) pending.isStale = true;
    for (const [id, entry] of this.#entries)
      if (!entry.isFixed && spansOverlap(entry, changed)) this.#entries.delete(id);
  }

  /** What is older than this revision is not answered any more. */
  compact(revision: bigint): void {
    if (revision > this.#compactedRevision) this.#compactedRevision = revision;
  }

  #add(request: RangeRequest, caller: string, response: RangeResponse): void {
    const isFixed = request.revision !== 0n;
    if (isFixed && request.revision <= this.#compactedRevision) return;
    const id = idOf(request, caller);
    this.#entries.delete(id);
    this.#entries.set(id, { ...spanOf(request), response, isFixed });
    if (this.#entries.size <= this.#maxEntries) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }
}

/** What is read linearizably answers a serializable read as well. */
function idOf(request: RangeRequest, caller: string): string {
  return `${caller}\n${byteString(toBinary(RangeRequestSchema, { ...request, serializable: true }))}`;
}
