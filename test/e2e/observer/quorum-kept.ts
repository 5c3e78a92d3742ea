import { momentOf, votersOf, type Look } from "./look.ts";

/** A cluster with fewer voters has nobody to spare: its restart is an outage that cannot be avoided. */
const FEWEST_VOTERS = 3;

/**
 * I3: after every step that the operator itself takes, the healthy voters are a quorum. Steps are seen as a voter that
 * comes or goes, and as a pod that stops without the scenario having stopped it. Hibernation and deletion stop them all
 * on purpose.
 */
export function quorumKept(looks: readonly Look[]): readonly string[] {
  const violations: string[] = [];
  let before: Look | undefined;
  for (const look of looks) {
    if (before && look.wanted > 0 && !look.isDeleting) {
      const step = stepBetween(before, look);
      const lack = step && lackOfQuorum(before, look, step);
      if (step && lack !== undefined) violations.push(`${momentOf(look, looks[0])}: ${step.text}, and ${lack}`);
    }
    before = look.members ? look : before && { ...look, members: before.members ?? [] };
  }
  return violations;
}

interface OperatorStep {
  readonly text: string;
  readonly isStop: boolean;
}

function stepBetween(before: Look, after: Look): OperatorStep | undefined {
  const current = votersOf(after.members ? after : before);
  const stopped = before.pods.find(({ uid, name, isTerminating, isOurDoing }) => {
    if (isTerminating || isOurDoing || !current.some(({ peerUrl }) => isOf(peerUrl, name))) return false;
    return after.pods.find((pod) => pod.uid === uid)?.isTerminating ?? true;
  });
  if (stopped) return { text: `the operator stopped ${stopped.name}`, isStop: true };
  const was = new Set(votersOf(before).map(({ id }) => id));
  const is = new Set(current.map(({ id }) => id));
  const come = [...is].filter((id) => !was.has(id)).map((id) => `+${id}`);
  const gone = [...was].filter((id) => !is.has(id)).map((id) => `-${id}`);
  if (come.length + gone.length === 0 || was.size === 0) return undefined;
  return { text: `the operator changed the voters (${[...come, ...gone].join(" ")})`, isStop: false };
}

/** A voter counts as healthy if its pod stays and its process has answered with a leader just before or just after. */
function lackOfQuorum(before: Look, after: Look, { isStop }: OperatorStep): string | undefined {
  const voters = votersOf(after.members ? after : before);
  if (isStop && voters.length < FEWEST_VOTERS) return undefined;
  const healthy = voters.filter(({ id }) => {
    const pods = [before, after].flatMap((look) => look.pods.filter(({ process }) => process?.memberId === id));
    const now = after.pods.find(({ uid }) => pods.some((pod) => pod.uid === uid));
    return now !== undefined && !now.isTerminating && pods.some(({ process }) => process?.hasLeader);
  });
  const needed = Math.floor(voters.length / 2) + 1;
  return healthy.length >= needed
    ? undefined
    : `${String(healthy.length)} of ${String(voters.length)} voters are healthy, ${String(needed)} are needed`;
}

/** Whether a peer URL is that of a pod. */
function isOf(peerUrl: string, pod: string): boolean {
  return peerUrl.startsWith(`http://${pod}.`);
}
