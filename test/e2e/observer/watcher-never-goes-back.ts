/**
 * I5: the revision that a watcher sees never goes back, also over reconnections to other members: every write has a
 * revision of its own, so the revisions of the events grow.
 */
export function watcherNeverGoesBack(revisions: readonly number[]): readonly string[] {
  const violations: string[] = [];
  for (const [at, revision] of revisions.entries()) {
    const before = revisions[at - 1];
    if (before !== undefined && revision <= before)
      violations.push(`after an event of revision ${String(before)} came one of ${String(revision)}`);
  }
  return violations;
}
