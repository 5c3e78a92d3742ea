import type { Revision } from "../base/ids.ts";
import type { RevisionKey } from "./revision.ts";

/** Finds the record of a revision that a plan named, as it is stored; the caller has fetched it. */
export type Lookup = (revision: RevisionKey) => Uint8Array;

/**
 * An answer whose values are still to be fetched: pure code says what it needs, the edge fetches it, `build`
 * makes the answer. Until then the records in `needs` must not be deleted physically (a pin at `revision`).
 */
export interface Deferred<T> {
  /** The revision at which the answer reads; compaction up to it must leave the rows in place. */
  readonly revision: Revision;
  readonly needs: readonly RevisionKey[];
  /** Must be called once at most: what `lookup` returns becomes part of the answer. */
  readonly build: (lookup: Lookup) => T;
}

/** An answer that needs nothing more. */
export function ready<T>(revision: Revision, value: T): Deferred<T> {
  return { revision, needs: [], build: () => value };
}
