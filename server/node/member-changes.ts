import { must } from "../base/assert.ts";
import { DomainError, type Fault } from "../base/domain-error.ts";
import { NO_NODE, type NodeId } from "../base/ids.ts";
import type { ConfOutcome } from "../apply/outcome.ts";
import { memberJson, promoteJson } from "../cluster/member-json.ts";
import type { Member } from "../cluster/member.ts";
import type { Clock } from "../ports/clock.ts";
import type { Network } from "../ports/network.ts";
import {
  ConfChangeTransition,
  ConfChangeType,
  type ConfChange,
  type ConfChangeSingle,
  type ConfChangeV2,
} from "../proto/raft-message.ts";
import type { RawNode } from "../raft/raw-node.ts";
import type { Leadership } from "./leadership.ts";
import { memberId } from "./member-id.ts";
import { pause } from "./pause.ts";
import type { Replica } from "./replica.ts";

/** A member that was connected for this long counts as healthy (etcd's HealthInterval). */
const HEALTHY_AFTER_MS = 5000;
/** A learner may vote when it has this share of the leader's log (etcd's readyPercentThreshold). */
const READY_SHARE = 0.9;
/** How often raft is asked again to take a change that it dropped. */
const RETRY_MS = 100;

export interface MemberChangesOptions {
  readonly selfId: NodeId;
  readonly replica: Replica;
  readonly raft: RawNode;
  readonly leadership: Leadership;
  readonly network: Network;
  readonly clock: Clock;
  readonly nextId: () => bigint;
  readonly strictReconfigCheck: boolean;
  readonly requestTimeoutMs: number;
  /** Something was proposed: let the ready loop look. */
  readonly onProposed: () => void;
  /**
   * Leadership goes to another voter before its holder is removed: no gap in writes, and a joint configuration that the
   * holder is not part of does not depend on its log. Resolves also if it could not be moved.
   */
  readonly moveLeaderFrom: (id: NodeId) => Promise<void>;
  /** Whether every member's /version says that it takes ConfChangeV2 (design decision 5). */
  readonly canUseJoint: () => Promise<boolean>;
}

interface Waiter {
  readonly resolve: (outcome: ConfOutcome) => void;
  readonly reject: (error: Error) => void;
}

/** Requests to change who is in the cluster: guarded, proposed, and answered when the change is in force. */
export class MemberChanges {
  readonly #options: MemberChangesOptions;
  readonly #waiters = new Map<bigint, Waiter>();
  /** Answered when the joint configuration that they entered has been left. */
  readonly #untilLeft = new Set<bigint>();
  #lastChange: Promise<void> = Promise.resolve();

  constructor(options: MemberChangesOptions) {
    this.#options = options;
  }

  /** Adds a voter or a learner. */
  async add(peerUrls: readonly string[], isLearner: boolean, replaces?: NodeId): Promise<Member> {
    const { replica, clock, strictReconfigCheck } = this.#options;
    const id = memberId(peerUrls, "", Math.floor(clock.unixMs() / 1000));
    if (strictReconfigCheck) {
      if (!isLearner) this.#checkStarted();
      if (replaces === undefined) this.#checkHealthy();
      else this.#checkQuorum();
    }
    const member: Member = { id, peerUrls: peerUrls.toSorted(), isLearner, name: "", clientUrls: [], replaces };
    await this.#change(
      [{ type: isLearner ? ConfChangeType.AddLearnerNode : ConfChangeType.AddNode, nodeId: id }],
      encoder.encode(memberJson(member)),
    );
    return must(replica.machine.membership.member(id), "a member that was added is there");
  }

  async remove(id: NodeId): Promise<void> {
    const { replica, strictReconfigCheck } = this.#options;
    const member = replica.machine.membership.member(id);
    if (strictReconfigCheck && member && !member.isLearner) this.#checkRemoval(member);
    await this.#options.moveLeaderFrom(id);
    await this.#change([{ type: ConfChangeType.RemoveNode, nodeId: id }], undefined);
  }

  async update(id: NodeId, peerUrls: readonly string[]): Promise<void> {
    const member = this.#options.replica.machine.membership.member(id);
    const isLearner = member?.isLearner ?? false;
    const updated: Member = {
      id,
      peerUrls: peerUrls.toSorted(),
      isLearner,
      name: "",
      clientUrls: [],
      replaces: undefined,
    };
    const context = encoder.encode(memberJson(updated));
    await this.#changeV1({ id: 0n, type: ConfChangeType.UpdateNode, nodeId: id, context });
  }

  /** Gives a learner its vote; on the leader only, because only it knows how far the learner is. */
  async promote(id: NodeId): Promise<void> {
    this.#checkPromotable(id);
    if (this.#options.strictReconfigCheck) this.#checkStarted();
    await this.#change([{ type: ConfChangeType.AddNode, nodeId: id }], encoder.encode(promoteJson(id)));
  }

  /** One joint change: the learner votes, the member that it replaces is gone. On the leader only. */
  async swap(successor: NodeId, replaced: NodeId): Promise<void> {
    this.#checkPromotable(successor);
    if (!(await this.#options.canUseJoint())) throw new DomainError("not-capable");
    if (replaced === this.#options.selfId && this.#voters().length > 1) {
      // Only the leader knows how far the successor is: the next one is to be asked.
      await this.#options.moveLeaderFrom(replaced);
      throw new DomainError("leader-changed");
    }
    await this.#changeV2(
      [
        { type: ConfChangeType.AddNode, nodeId: successor },
        { type: ConfChangeType.RemoveNode, nodeId: replaced },
      ],
      encoder.encode(promoteJson(successor)),
    );
  }

  /** To be called for every configuration change that was applied, after raft knows of it. */
  onApplied(outcome: ConfOutcome, change: ConfChange | ConfChangeV2, isJointNow: boolean): void {
    const id = changeId(change);
    if (id !== undefined && outcome.fault !== undefined) this.#reject(id, outcome.fault);
    else if (id !== undefined && isJointNow && this.#canBeLeft()) this.#untilLeft.add(id);
    else if (id !== undefined) this.#resolve(id, outcome);
    if (isJointNow) return;
    for (const left of this.#untilLeft) this.#resolve(left, outcome);
    this.#untilLeft.clear();
  }

  #reject(id: bigint, fault: Fault): void {
    this.#waiters.get(id)?.reject(new DomainError(fault));
    this.#waiters.delete(id);
  }

  /** Whoever has waited too long is not there any more. */
  #resolve(id: bigint, outcome: ConfOutcome): void {
    this.#waiters.get(id)?.resolve(outcome);
    this.#waiters.delete(id);
  }

  fail(): void {
    for (const waiter of this.#waiters.values()) waiter.reject(new DomainError("stopped"));
    this.#waiters.clear();
  }

  /** Learners come and go by a simple change; whatever touches voters goes through a joint phase if all members can. */
  async #change(changes: readonly ConfChangeSingle[], context: Uint8Array | undefined): Promise<void> {
    const [change] = changes;
    const first = must(change);
    const member = this.#options.replica.machine.membership.member(first.nodeId);
    const isAboutLearner =
      first.type === ConfChangeType.AddLearnerNode || (first.type === ConfChangeType.RemoveNode && member?.isLearner);
    if (!isAboutLearner && (await this.#options.canUseJoint())) await this.#changeV2(changes, context);
    else await this.#changeV1({ id: 0n, ...first, context });
  }

  async #changeV1(change: ConfChange): Promise<void> {
    const id = this.#options.nextId();
    await this.#proposeAndWait(id, { ...change, id });
  }

  async #changeV2(changes: readonly ConfChangeSingle[], context: Uint8Array | undefined): Promise<void> {
    const id = this.#options.nextId();
    await this.#proposeAndWait(id, {
      transition: ConfChangeTransition.JointImplicit,
      changes,
      context: withChangeId(id, context),
    });
  }

  /** One at a time: raft turns a second change into nothing while one is under way. */
  #proposeAndWait(id: bigint, change: ConfChange | ConfChangeV2): Promise<void> {
    const result = this.#lastChange.then(() => this.#proposeNow(id, change));
    this.#lastChange = result.catch(() => undefined);
    return result;
  }

  async #proposeNow(id: bigint, change: ConfChange | ConfChangeV2): Promise<void> {
    const { raft, clock, requestTimeoutMs, onProposed } = this.#options;
    const deadlineMs = clock.monotonicMs() + requestTimeoutMs;
    const done = new Promise<ConfOutcome>((resolve, reject) => {
      this.#waiters.set(id, { resolve, reject });
    });
    // It may be rejected before anybody waits for it.
    done.catch(() => undefined);
    const timer = clock.after(requestTimeoutMs, () => {
      this.#reject(id, "timeout");
    });
    try {
      while (this.#waiters.has(id) && this.#mustWait()) {
        if (clock.monotonicMs() >= deadlineMs) break;
        await pause(clock, RETRY_MS);
      }
      if (this.#waiters.has(id)) raft.proposeConfChange(change);
      onProposed();
      await done;
    } finally {
      timer.cancel();
    }
  }

  /** Raft takes no change while a joint configuration is to be left, or without a leader. */
  #mustWait(): boolean {
    const { raft, replica } = this.#options;
    return raft.basicStatus().leader === NO_NODE || replica.confState.votersOutgoing.length > 0;
  }

  /**
   * Whether the joint configuration can be left before anybody else starts. When one member grows to two by a voter that
   * does not run yet, it cannot: etcd answers then and waits for the second, and so do we.
   */
  #canBeLeft(): boolean {
    const voters = this.#voters();
    return voters.filter((member) => member.name !== "").length >= quorumOf(voters.length);
  }

  #voters(): readonly Member[] {
    return this.#options.replica.machine.membership.members.filter((member) => !member.isLearner);
  }

  /** One voter more needs a quorum of started ones (etcd's IsReadyToAddVotingMember). */
  #checkStarted(): void {
    const voters = this.#voters();
    const started = voters.filter((member) => member.name !== "").length;
    // One member may grow to two, or nothing ever could.
    if (started === 1 && voters.length === 1) return;
    if (started < quorumOf(voters.length + 1)) throw new DomainError("not-enough-started");
  }

  /** A new member counts as down until it is connected; the others must be a quorum even so. */
  #checkHealthy(): void {
    const voters = this.#voters();
    if (voters.length > 1 && this.#healthyVoters() < quorumOf(voters.length + 1)) throw new DomainError("unhealthy");
  }

  /** A successor is wanted most when its predecessor is dead, and a learner needs no vote: a quorum as it is will do. */
  #checkQuorum(): void {
    const voters = this.#voters();
    if (voters.length > 1 && this.#healthyVoters() < quorumOf(voters.length)) throw new DomainError("unhealthy");
  }

  /** etcd's mayRemoveMember. */
  #checkRemoval(member: Member): void {
    const { selfId, network } = this.#options;
    const voters = this.#voters();
    const others = voters.filter((voter) => voter.id !== member.id);
    const started = others.filter((voter) => voter.name !== "");
    if (started.length < quorumOf(others.length)) throw new DomainError("not-enough-started");
    // One that is down is no part of the active quorum: it may always go.
    if (member.id !== selfId && network.activeSinceMs(member.id) === undefined) return;
    if (this.#healthyVoters() - 1 < quorumOf(voters.length - 1)) throw new DomainError("unhealthy");
  }

  #healthyVoters(): number {
    const { selfId } = this.#options;
    return this.#voters().filter((voter) => voter.id === selfId || this.#isHealthy(voter.id)).length;
  }

  #isHealthy(id: NodeId): boolean {
    const { network, clock } = this.#options;
    const sinceMs = network.activeSinceMs(id);
    return sinceMs !== undefined && clock.monotonicMs() - sinceMs >= HEALTHY_AFTER_MS;
  }

  #checkPromotable(id: NodeId): void {
    const { replica, raft, leadership } = this.#options;
    if (!leadership.isLeader) throw new DomainError("not-leader");
    const member = replica.machine.membership.member(id);
    if (!member) throw new DomainError("member-not-found");
    if (!member.isLearner) throw new DomainError("member-not-learner");
    const { progress } = raft.status();
    const learnerMatch = progress.get(id)?.match ?? 0;
    const leaderMatch = progress.get(this.#options.selfId)?.match ?? 0;
    if (learnerMatch < leaderMatch * READY_SHARE) throw new DomainError("learner-not-ready");
  }
}

function quorumOf(voters: number): number {
  return Math.floor(voters / 2) + 1;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const CHANGE_ID = /"changeId":(\d+)/;

/** A ConfChangeV2 has no id field as V1 has, so the proposer's id travels in the context. */
function withChangeId(id: bigint, context: Uint8Array | undefined): Uint8Array {
  const text = context === undefined ? "{}" : decoder.decode(context);
  const separator = text === "{}" ? "" : ",";
  return encoder.encode(`${text.slice(0, -1)}${separator}"changeId":${String(id)}}`);
}

function changeId(change: ConfChange | ConfChangeV2): bigint | undefined {
  if ("id" in change) return change.id;
  const match = change.context && CHANGE_ID.exec(decoder.decode(change.context));
  return match ? BigInt(must(match[1])) : undefined;
}
