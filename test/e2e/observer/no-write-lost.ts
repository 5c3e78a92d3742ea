/** A write that the cluster has acknowledged. */
export interface AcknowledgedWrite {
  /** Writes of one lane follow each other: the next begins after the answer to the one before. */
  readonly lane: number;
  readonly key: string;
  readonly value: string;
  readonly revision: number;
}

/** A key as it is read at the end. */
export interface FoundKey {
  readonly value: string;
  readonly createRevision: number;
  readonly modRevision: number;
}

/**
 * I1: no acknowledged write is lost, changed or reordered. Each write is sent once under a key of its own, so a key has
 * to be there with the very revision that was answered, and the revisions of a lane grow. Writes in their order of
 * acknowledgement.
 */
export function noWriteLost(
  writes: readonly AcknowledgedWrite[],
  found: ReadonlyMap<string, FoundKey>,
): readonly string[] {
  const violations: string[] = [];
  const newest = new Map<number, AcknowledgedWrite>();
  for (const write of writes) {
    const { key, lane, revision } = write;
    const at = found.get(key);
    const said = `${key}, acknowledged at revision ${String(revision)}`;
    if (!at) violations.push(`${said}, is lost`);
    else if (at.modRevision !== revision || at.createRevision !== revision)
      violations.push(`${said}, is found at ${String(at.modRevision)}, made at ${String(at.createRevision)}`);
    else if (at.value !== write.value) violations.push(`${said}, has another value: ${at.value}`);
    const before = newest.get(lane);
    if (before && before.revision >= revision)
      violations.push(`${said}, was begun after ${before.key} was acknowledged at ${String(before.revision)}`);
    newest.set(lane, write);
  }
  return violations;
}
