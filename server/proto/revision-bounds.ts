import type { RangeRequest } from "./gen/rpc_pb.js";

/** Which revisions the keys have that a read lets through, both ends included; a bound of zero is none. */
export type RevisionBounds = Pick<
  RangeRequest,
  "minModRevision" | "maxModRevision" | "minCreateRevision" | "maxCreateRevision"
>;

/** The revisions of a key; numbers where they are counted, 64 bits wide in messages. */
interface KeyRevisions {
  readonly modRevision: number | bigint;
  readonly createRevision: number | bigint;
}

/** Whether there is a bound at all: without one no key need be looked at. */
export function hasRevisionBounds(bounds: RevisionBounds): boolean {
  const { minModRevision, maxModRevision, minCreateRevision, maxCreateRevision } = bounds;
  return minModRevision !== 0n || maxModRevision !== 0n || minCreateRevision !== 0n || maxCreateRevision !== 0n;
}

/** Whether a read with these bounds shows a key; it counts the key in any case (etcd txn/range.go). */
export function isWithinRevisionBounds(bounds: RevisionBounds, { modRevision, createRevision }: KeyRevisions): boolean {
  return (
    isBetween(modRevision, bounds.minModRevision, bounds.maxModRevision) &&
    isBetween(createRevision, bounds.minCreateRevision, bounds.maxCreateRevision)
  );
}

function isBetween(revision: number | bigint, min: bigint, max: bigint): boolean {
  return (min === 0n || revision >= min) && (max === 0n || revision <= max);
}
