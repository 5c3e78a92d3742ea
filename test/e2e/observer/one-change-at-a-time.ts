import { momentOf } from "./look.ts";
import type { MemberListAt } from "./member-lists.ts";

/** Between lists that are further apart a member may have learned unseen. */
const GAP_MS = 250;

/**
 * I2: at most one change of members is in flight. No list has two learners, and whoever votes was seen to learn before,
 * except the members that the first list had.
 */
export function oneChangeAtATime(lists: readonly MemberListAt[]): readonly string[] {
  const violations: string[] = [];
  const known = new Set<string>();
  let before: MemberListAt | undefined;
  for (const list of lists) {
    const learners = list.members.filter(({ isLearner }) => isLearner);
    if (learners.length > 1)
      violations.push(
        `${momentOf(list, lists[0])}: ${learners.map(({ id }) => id).join(" and ")} learn at the same time`,
      );
    const isClose = before !== undefined && list.atMs - before.atMs <= GAP_MS;
    for (const { id, peerUrl, isLearner } of isClose ? list.members : []) {
      if (!isLearner && !known.has(id))
        violations.push(`${momentOf(list, lists[0])}: ${id} (${peerUrl}) votes and was never seen as a learner`);
    }
    for (const { id } of list.members) known.add(id);
    before = list;
  }
  return violations;
}
