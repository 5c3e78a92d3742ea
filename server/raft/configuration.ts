import type { NodeId } from "../base/ids.ts";
import type { ConfState } from "../proto/raft-message.ts";
import type { JointConfig } from "./quorum-joint.ts";
import { sortedIds } from "./sorted-ids.ts";

/**
 * Who takes part and how. A member is a voter (of either half) or a learner, never both: a voter that is
 * demoted in a joint change waits in `learnersNext` until the joint configuration is left.
 */
export interface Configuration extends JointConfig {
  readonly learners: ReadonlySet<NodeId>;
  readonly learnersNext: ReadonlySet<NodeId>;
  /** The leader leaves the joint configuration by itself as soon as it has applied it. */
  readonly autoLeave: boolean;
}

/** Nobody yet: what a member that has neither log nor snapshot starts with. */
export const emptyConfiguration: Configuration = {
  incoming: new Set(),
  outgoing: new Set(),
  learners: new Set(),
  learnersNext: new Set(),
  autoLeave: false,
};

/** Whether two majorities decide. */
export function isJoint(configuration: Configuration): boolean {
  return configuration.outgoing.size > 0;
}

/** The form in which snapshots and the backend keep a configuration. */
export function confStateOf(configuration: Configuration): ConfState {
  return {
    voters: sortedIds(configuration.incoming),
    votersOutgoing: sortedIds(configuration.outgoing),
    learners: sortedIds(configuration.learners),
    learnersNext: sortedIds(configuration.learnersNext),
    autoLeave: configuration.autoLeave,
  };
}

/** Whether two states describe the same configuration, whatever the order of their ids. */
export function areConfStatesEquivalent(a: ConfState, b: ConfState): boolean {
  return (
    hasSameIds(a.voters, b.voters) &&
    hasSameIds(a.votersOutgoing, b.votersOutgoing) &&
    hasSameIds(a.learners, b.learners) &&
    hasSameIds(a.learnersNext, b.learnersNext) &&
    a.autoLeave === b.autoLeave
  );
}

function hasSameIds(a: readonly NodeId[], b: readonly NodeId[]): boolean {
  return a.length === b.length && sortedIds(a).join() === sortedIds(b).join();
}
