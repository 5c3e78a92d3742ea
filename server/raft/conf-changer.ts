import type { Index, NodeId } from "../base/ids.ts";
import { must, unreachable } from "../base/assert.ts";
import { ConfChangeType } from "../proto/raft-message.ts";
import type { ConfChangeSingle } from "../proto/raft-message.ts";
import { isJoint } from "./configuration.ts";
import type { Configuration } from "./configuration.ts";
import { checkConfiguration } from "./conf-invariants.ts";
import { Inflights } from "./inflights.ts";
import { Progress } from "./progress.ts";

/** A configuration and the progress of everyone in it: what a change starts from and what it yields. */
export interface Members {
  readonly configuration: Configuration;
  readonly progress: ReadonlyMap<NodeId, Progress>;
}

/** What the progress of a new member is made from. */
export interface NewMemberOptions {
  readonly lastIndex: Index;
  readonly maxInflightMessages: number;
  readonly maxInflightBytes: number;
}

/** The members after a change, or why it is refused; a refused change has no effect. */
export type ChangeResult = { readonly members: Members } | { readonly refused: string };

/** Changes at most one voter, without a joint phase. */
export function changeSimply(
  before: Members,
  changes: readonly ConfChangeSingle[],
  options: NewMemberOptions,
): ChangeResult {
  if (isJoint(before.configuration)) return { refused: "can't apply simple config change in joint config" };
  const draft = new Draft(before, options);
  draft.apply(changes);
  if (draft.incoming.size === 0) return { refused: "removed all voters" };
  if (differences(before.configuration.incoming, draft.incoming) > 1) {
    return { refused: "more than one voter changed without entering joint config" };
  }
  return draft.finish();
}

/** Makes the present voters the outgoing half and applies the changes to the incoming one (Raft thesis 4.3). */
export function enterJoint(
  before: Members,
  changes: readonly ConfChangeSingle[],
  options: NewMemberOptions & { readonly autoLeave: boolean },
): ChangeResult {
  if (isJoint(before.configuration)) return { refused: "config is already joint" };
  if (before.configuration.incoming.size === 0) return { refused: "can't make a zero-voter config joint" };
  const draft = new Draft(before, options);
  draft.outgoing = new Set(draft.incoming);
  draft.apply(changes);
  if (draft.incoming.size === 0) return { refused: "removed all voters" };
  draft.autoLeave = options.autoLeave;
  return draft.finish();
}

/** Drops the outgoing half; voters that were to be demoted become learners now. */
export function leaveJoint(before: Members, options: NewMemberOptions): ChangeResult {
  if (!isJoint(before.configuration)) return { refused: "can't leave a non-joint config" };
  const draft = new Draft(before, options);
  draft.leave();
  return draft.finish();
}

/** A copy on which a change is tried. */
class Draft {
  readonly incoming: Set<NodeId>;
  outgoing: Set<NodeId>;
  autoLeave = false;
  readonly #learners: Set<NodeId>;
  readonly #learnersNext: Set<NodeId>;
  readonly #progress = new Map<NodeId, Progress>();
  readonly #options: NewMemberOptions;

  constructor({ configuration, progress }: Members, options: NewMemberOptions) {
    this.incoming = new Set(configuration.incoming);
    this.outgoing = new Set(configuration.outgoing);
    this.#learners = new Set(configuration.learners);
    this.#learnersNext = new Set(configuration.learnersNext);
    for (const [id, member] of progress) this.#progress.set(id, member.clone());
    this.#options = options;
  }

  apply(changes: readonly ConfChangeSingle[]): void {
    for (const { type, nodeId } of changes) {
      if (nodeId === 0n) continue; // etcd blanks the id of a change that it decided not to make
      switch (type) {
        case ConfChangeType.AddNode:
          this.#makeVoter(nodeId);
          break;
        case ConfChangeType.AddLearnerNode:
          this.#makeLearner(nodeId);
          break;
        case ConfChangeType.RemoveNode:
          this.#remove(nodeId);
          break;
        case ConfChangeType.UpdateNode:
          break;
        default:
          unreachable(type);
      }
    }
  }

  leave(): void {
    for (const id of this.#learnersNext) {
      this.#learners.add(id);
      must(this.#progress.get(id), "a future learner has a progress").isLearner = true;
    }
    this.#learnersNext.clear();
    for (const id of this.outgoing) {
      if (!this.incoming.has(id) && !this.#learners.has(id)) this.#progress.delete(id);
    }
    this.outgoing.clear();
  }

  finish(): ChangeResult {
    const configuration: Configuration = {
      incoming: this.incoming,
      outgoing: this.outgoing,
      learners: this.#learners,
      learnersNext: this.#learnersNext,
      autoLeave: this.autoLeave,
    };
    checkConfiguration(configuration, this.#progress);
    return { members: { configuration, progress: this.#progress } };
  }

  #makeVoter(id: NodeId): void {
    const progress = this.#progress.get(id);
    if (progress === undefined) this.#addProgress(id, { isLearner: false });
    else progress.isLearner = false;
    this.#learners.delete(id);
    this.#learnersNext.delete(id);
    this.incoming.add(id);
  }

  #makeLearner(id: NodeId): void {
    const progress = this.#progress.get(id);
    if (progress === undefined) {
      this.#addProgress(id, { isLearner: true });
      this.#learners.add(id);
      return;
    }
    if (progress.isLearner) return;
    this.#remove(id);
    this.#progress.set(id, progress);
    if (this.outgoing.has(id)) {
      this.#learnersNext.add(id);
    } else {
      progress.isLearner = true;
      this.#learners.add(id);
    }
  }

  #remove(id: NodeId): void {
    this.incoming.delete(id);
    this.#learners.delete(id);
    this.#learnersNext.delete(id);
    if (!this.outgoing.has(id)) this.#progress.delete(id);
  }

  #addProgress(id: NodeId, { isLearner }: { readonly isLearner: boolean }): void {
    const { lastIndex, maxInflightMessages, maxInflightBytes } = this.#options;
    this.#progress.set(
      id,
      new Progress({
        match: 0,
        next: Math.max(lastIndex, 1),
        isLearner,
        isRecentlyActive: true, // else a quorum check could depose us before the newcomer has had a chance to answer
        inflights: new Inflights(maxInflightMessages, maxInflightBytes),
      }),
    );
  }
}

/** How many ids are in exactly one of the sets. */
function differences(a: ReadonlySet<NodeId>, b: ReadonlySet<NodeId>): number {
  let common = 0;
  for (const id of a) if (b.has(id)) common++;
  return a.size + b.size - 2 * common;
}
