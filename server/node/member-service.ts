import { DomainError } from "../base/domain-error.ts";
import { NO_NODE, type NodeId } from "../base/ids.ts";
import type { Member } from "../cluster/member.ts";
import type { Clock } from "../ports/clock.ts";
import type { PeerCalls } from "../ports/network.ts";
import type { Leadership } from "./leadership.ts";
import type { MemberChanges } from "./member-changes.ts";
import { NodeTallies } from "./node-tallies.ts";
import { pause } from "./pause.ts";
import type { Replica } from "./replica.ts";

/** How often the leader is looked for again. */
const RETRY_MS = 100;

export interface MemberServiceOptions {
  readonly replica: Replica;
  readonly leadership: Leadership;
  readonly changes: MemberChanges;
  readonly calls: PeerCalls;
  readonly clock: Clock;
  readonly requestTimeoutMs: number;
  readonly tallies?: NodeTallies | undefined;
}

/** What a replacement has come to. */
export interface Replacement {
  readonly phase: "learner" | "replaced";
  readonly successor: Member;
}

/** Who is in the cluster, to look at and to change, from any member. */
export class MemberService {
  readonly #options: MemberServiceOptions;
  readonly #tallies: NodeTallies;

  constructor(options: MemberServiceOptions) {
    this.#options = options;
    this.#tallies = options.tallies ?? new NodeTallies();
  }

  /** By ascending id, as applied here. */
  list(): readonly Member[] {
    return this.#options.replica.machine.membership.members;
  }

  add(peerUrls: readonly string[], isLearner: boolean): Promise<Member> {
    return this.#options.changes.add(peerUrls, isLearner);
  }

  remove(id: NodeId): Promise<void> {
    return this.#options.changes.remove(id);
  }

  update(id: NodeId, peerUrls: readonly string[]): Promise<void> {
    return this.#options.changes.update(id, peerUrls);
  }

  /** Gives a learner its vote. Any member may be asked: it asks the leader. */
  async promote(id: NodeId): Promise<void> {
    const { leadership, replica, calls, clock, requestTimeoutMs } = this.#options;
    const deadlineMs = clock.monotonicMs() + requestTimeoutMs;
    for (;;) {
      if (leadership.isLeader) return this.promoteHere(id);
      const leader = leadership.leader === NO_NODE ? undefined : replica.machine.membership.member(leadership.leader);
      const timeoutMs = deadlineMs - clock.monotonicMs();
      if (timeoutMs <= 0) throw new DomainError("timeout");
      if (leader) {
        try {
          await calls.promote(leader.peerUrls, id, timeoutMs);
          return;
        } catch (error) {
          // The leader's verdict is final; that it could not be reached is not.
          if (error instanceof DomainError && error.fault !== "not-leader" && error.fault !== "timeout") throw error;
        }
      }
      await pause(clock, RETRY_MS);
    }
  }

  /** The leader's part of `promote`. */
  async promoteHere(id: NodeId): Promise<void> {
    try {
      await this.#options.changes.promote(id);
      this.#tallies.consensus.promotions++;
    } catch (error) {
      if (error instanceof DomainError && error.fault !== "not-leader") this.#tallies.onPromotionFailed(error.fault);
      throw error;
    }
  }

  /**
   * Puts a new member in the place of a voter, in two calls on the leader: the first adds a learner that may share the
   * voter's peer URLs, one after it has caught up swaps the two in one joint change. Safe to repeat.
   */
  async replace(replaced: NodeId, peerUrls: readonly string[]): Promise<Replacement> {
    const { leadership, replica, changes } = this.#options;
    if (!leadership.isLeader) throw new DomainError("not-leader");
    const { membership } = replica.machine;
    const successor = membership.members.find((member) => member.replaces === replaced);
    if (!successor) {
      const voter = membership.member(replaced);
      if (!voter || voter.isLearner) throw new DomainError("member-not-found");
      return { phase: "learner", successor: await changes.add(peerUrls, true, replaced) };
    }
    if (!successor.isLearner) return { phase: "replaced", successor };
    try {
      await changes.swap(successor.id, replaced);
    } catch (error) {
      if (error instanceof DomainError && error.fault === "learner-not-ready") return { phase: "learner", successor };
      throw error;
    }
    return { phase: "replaced", successor: membership.member(successor.id) ?? successor };
  }
}
