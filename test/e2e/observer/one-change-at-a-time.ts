import { momentOf, votersOf, type Look } from "./look.ts";

/** Looks that are further apart may have missed the time in which a member learned. */
const GAP_MS = 2000;

/**
 * I2: at most one change of members is in flight. No look shows two learners, and whoever votes was seen to learn before,
 * except the members that the first list had.
 */
export function oneChangeAtATime(looks: readonly Look[]): readonly string[] {
  const violations: string[] = [];
  const known = new Set<string>();
  let before: Look | undefined;
  for (const look of looks) {
    if (!look.members) continue;
    const learners = look.members.filter(({ isLearner }) => isLearner);
    if (learners.length > 1)
      violations.push(
        `${momentOf(look, looks[0])}: ${learners.map(({ id }) => id).join(" and ")} learn at the same time`,
      );
    const isClose = before !== undefined && look.atMs - before.atMs <= GAP_MS;
    for (const { id, peerUrl } of isClose ? votersOf(look) : []) {
      if (!known.has(id))
        violations.push(`${momentOf(look, looks[0])}: ${id} (${peerUrl}) votes and was never seen as a learner`);
    }
    for (const { id } of look.members) known.add(id);
    before = look;
  }
  return violations;
}
