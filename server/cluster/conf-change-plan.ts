import { assert, unreachable } from "../base/assert.ts";
import { DomainError } from "../base/domain-error.ts";
import type { NodeId } from "../base/ids.ts";
import { ConfChangeType } from "../proto/raft-message.ts";
import type { ConfChange, ConfChangeSingle, ConfChangeV2 } from "../proto/raft-message.ts";
import { parseMemberContext } from "./member-json.ts";
import type { MemberContext } from "./member-json.ts";
import type { Member } from "./member.ts";

/** One thing that a valid change does to the members. */
export type MemberStep =
  | { readonly kind: "add" | "update"; readonly member: Member }
  | { readonly kind: "promote" | "remove"; readonly id: NodeId };

/** What a change is checked against: always the applied members, never what is under way. */
export interface CurrentMembers {
  member(id: NodeId): Member | undefined;
  isRemoved(id: NodeId): boolean;
  readonly members: readonly Member[];
}

/** Distinguishes the two forms of a change. */
export function isConfChangeV2(change: ConfChange | ConfChangeV2): change is ConfChangeV2 {
  return "changes" in change;
}

/**
 * What a change does to the members, in order. Throws a DomainError for a change that must not take effect; then
 * nothing of it does. The rules are etcd's (membership/cluster.go, ValidateConfigurationChange), word for word in
 * effect: every member of a mixed cluster has to decide alike.
 */
export function planConfChange(
  current: CurrentMembers,
  change: ConfChange | ConfChangeV2,
  maxLearners: number,
): readonly MemberStep[] {
  const context = parseContext(change.context);
  const singles = isConfChangeV2(change) ? change.changes : [change];
  const leaving = singles.filter(({ type }) => type === ConfChangeType.RemoveNode).map(({ nodeId }) => nodeId);
  const plan = new Planner(current, context, leaving, maxLearners, isConfChangeV2(change));
  return singles.map((single) => plan.step(single));
}

class Planner {
  readonly #current: CurrentMembers;
  readonly #context: MemberContext | undefined;
  /** Removed by the same change: they do not stand in the way of their successor. */
  readonly #leaving: readonly NodeId[];
  readonly #maxLearners: number;
  readonly #isV2: boolean;

  constructor(
    current: CurrentMembers,
    context: MemberContext | undefined,
    leaving: readonly NodeId[],
    maxLearners: number,
    isV2: boolean,
  ) {
    this.#current = current;
    this.#context = context;
    this.#leaving = leaving;
    this.#maxLearners = maxLearners;
    this.#isV2 = isV2;
  }

  step(single: ConfChangeSingle): MemberStep {
    const id = single.nodeId;
    if (this.#current.isRemoved(id)) throw new DomainError("member-not-found");
    switch (single.type) {
      case ConfChangeType.AddNode:
        return this.#isPromotion(id) ? this.#promote(id) : this.#add(id, false);
      case ConfChangeType.AddLearnerNode:
        return this.#context?.isPromote ? this.#promote(id) : this.#add(id, true);
      case ConfChangeType.RemoveNode:
        this.#known(id);
        return { kind: "remove", id };
      case ConfChangeType.UpdateNode:
        return this.#update(id);
      default:
        return unreachable(single.type);
    }
  }

  /** A V2 change says it by the member it names; a V1 change by its context. */
  #isPromotion(id: NodeId): boolean {
    if (this.#context?.isPromote) return true;
    return this.#isV2 && this.#current.member(id)?.isLearner === true;
  }

  #promote(id: NodeId): MemberStep {
    const member = this.#known(id);
    if (!member.isLearner) throw new DomainError("member-not-learner");
    // A learner that shares its predecessor's URLs becomes a voter only as that one goes.
    this.#requireFreeUrls(member.peerUrls, id, undefined);
    return { kind: "promote", id };
  }

  #add(id: NodeId, isLearner: boolean): MemberStep {
    if (this.#current.member(id)) throw new DomainError("member-exist");
    const { member } = this.#contextOf(id);
    const replaces = member.isLearner ? member.replaces : undefined;
    this.#requireFreeUrls(member.peerUrls, id, replaces);
    if (isLearner && member.isLearner) this.#requireRoomForLearner();
    return { kind: "add", member: { ...member, replaces } };
  }

  #update(id: NodeId): MemberStep {
    const known = this.#known(id);
    const { member } = this.#contextOf(id);
    this.#requireFreeUrls(member.peerUrls, id, known.replaces);
    return { kind: "update", member: { ...known, peerUrls: member.peerUrls } };
  }

  #known(id: NodeId): Member {
    const member = this.#current.member(id);
    if (!member) throw new DomainError("member-not-found");
    return member;
  }

  #contextOf(id: NodeId): MemberContext {
    const context = this.#context;
    assert(context?.member.id === id, "the context of a change is the member that it names");
    return context;
  }

  /** `replaces` may have the same URLs, and so may those that leave with this change. */
  #requireFreeUrls(urls: readonly string[], id: NodeId, replaces: NodeId | undefined): void {
    for (const other of this.#current.members) {
      const isException = other.id === id || other.id === replaces || this.#leaving.includes(other.id);
      // A voter may be updated while its own successor waits under the same URLs.
      if (isException || other.replaces === id) continue;
      if (other.peerUrls.some((url) => urls.includes(url))) throw new DomainError("peer-url-exist");
    }
  }

  #requireRoomForLearner(): void {
    const learners = this.#current.members.filter((member) => member.isLearner).length;
    if (learners >= this.#maxLearners) throw new DomainError("too-many-learners");
  }
}

function parseContext(context: Uint8Array | undefined): MemberContext | undefined {
  if (!context || context.length === 0) return undefined;
  return parseMemberContext(new TextDecoder().decode(context));
}
