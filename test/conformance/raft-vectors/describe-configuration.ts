import type { NodeId } from "../../../server/base/ids.ts";
import type { Configuration } from "../../../server/raft/configuration.ts";
import type { ProgressStatus } from "../../../server/raft/status.ts";
import { sortedIds } from "../../../server/raft/sorted-ids.ts";

/** A set of members as the vectors write it. */
export function describeIds(ids: Iterable<NodeId>): string {
  return `(${sortedIds(ids).join(" ")})`;
}

/** A configuration as the vectors write it. */
export function describeConfiguration(configuration: Configuration): string {
  const { incoming, outgoing, learners, learnersNext, autoLeave } = configuration;
  let text = `voters=${describeIds(incoming)}`;
  if (outgoing.size > 0) text += `&&${describeIds(outgoing)}`;
  if (learners.size > 0) text += ` learners=${describeIds(learners)}`;
  if (learnersNext.size > 0) text += ` learners_next=${describeIds(learnersNext)}`;
  return autoLeave ? `${text} autoleave` : text;
}

const stateNames = { probe: "StateProbe", replicate: "StateReplicate", snapshot: "StateSnapshot" } as const;

/** Followers as the vectors write them, one a line. */
export function describeProgress(progress: ReadonlyMap<NodeId, ProgressStatus>): string {
  return sortedIds(progress.keys())
    .map((id) => `${id}: ${describeFollower(progress.get(id)!)}\n`)
    .join("");
}

function describeFollower(progress: ProgressStatus): string {
  let text = `${stateNames[progress.state]} match=${progress.match} next=${progress.next}`;
  if (progress.isLearner) text += " learner";
  if (progress.isPaused) text += " paused";
  if (progress.pendingSnapshot > 0) text += ` pendingSnap=${progress.pendingSnapshot}`;
  if (!progress.isRecentlyActive) text += " inactive";
  if (progress.inflightMessages > 0) text += ` inflight=${progress.inflightMessages}`;
  if (progress.inflightMessages > 0 && progress.isInflightFull) text += "[full]";
  return text;
}
