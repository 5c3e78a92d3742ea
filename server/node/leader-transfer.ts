import { DomainError } from "../base/domain-error.ts";
import type { NodeId } from "../base/ids.ts";
import type { Clock } from "../ports/clock.ts";
import type { Network } from "../ports/network.ts";
import type { RawNode } from "../raft/raw-node.ts";
import type { Leadership } from "./leadership.ts";
import { pause } from "./pause.ts";
import type { Replica } from "./replica.ts";

/** How often it is looked whether a leader elsewhere has handed over. */
const LOOK_MS = 20;

export interface LeaderTransferOptions {
  readonly selfId: NodeId;
  readonly raft: RawNode;
  readonly replica: Replica;
  readonly leadership: Leadership;
  readonly network: Network;
  readonly clock: Clock;
  readonly onStepped: () => void;
}

/** Moves leadership away from this member. */
export class LeaderTransfer {
  readonly #options: LeaderTransferOptions;

  constructor(options: LeaderTransferOptions) {
    this.#options = options;
  }

  /** Resolves when the target leads. Faults: not-leader, bad-leader-transferee, timeout-leader-transfer. */
  async to(target: NodeId, timeoutMs: number): Promise<void> {
    const { selfId, raft, replica, leadership, clock, onStepped } = this.#options;
    if (!leadership.isLeader) throw new DomainError("not-leader");
    const member = replica.machine.membership.member(target);
    if (!member || member.isLearner) throw new DomainError("bad-leader-transferee");
    if (target === selfId) return;
    raft.transferLeader(target);
    onStepped();
    await new Promise<void>((resolve, reject) => {
      const timer = clock.after(timeoutMs, () => {
        stopListening();
        reject(new DomainError("timeout-leader-transfer"));
      });
      const stopListening = leadership.onChange(() => {
        if (leadership.leader !== target) return;
        timer.cancel();
        stopListening();
        resolve();
      });
    });
  }

  /** If this voter leads: to another one, preferably this member. From any member; resolves also if that failed. */
  async from(id: NodeId, timeoutMs: number): Promise<void> {
    const { selfId, raft, replica, leadership, onStepped, clock } = this.#options;
    if (leadership.leader !== id) return;
    if (id === selfId) {
      await this.away(timeoutMs).catch(() => false);
      return;
    }
    const self = replica.machine.membership.member(selfId);
    if (!self || self.isLearner) return;
    // A follower's wish goes to the leader.
    raft.transferLeader(selfId);
    onStepped();
    const deadlineMs = clock.monotonicMs() + timeoutMs;
    while (leadership.leader === id && clock.monotonicMs() < deadlineMs) await pause(clock, LOOK_MS);
  }

  /**
   * This leader has entered a joint configuration that leaves it out: whoever is furthest along of those that stay leads on
   * and leaves the joint configuration. Without that the last of them would have to wait for an election.
   */
  whileLeaving(): void {
    const { selfId, raft, replica, leadership, onStepped } = this.#options;
    const { membership } = replica.machine;
    if (!leadership.isLeader || !membership.member(selfId)?.isLeaving) return;
    const { progress } = raft.status();
    const matchOf = (id: NodeId): number => progress.get(id)?.match ?? 0;
    const [furthest] = membership.members
      .filter((member) => !member.isLearner && !member.isLeaving)
      .toSorted((a, b) => matchOf(b.id) - matchOf(a.id));
    if (!furthest) return;
    raft.transferLeader(furthest.id);
    onStepped();
  }

  /** Before a shutdown: to the voter that has been connected longest. False if there is nobody. */
  async away(timeoutMs: number): Promise<boolean> {
    const { selfId, replica, leadership, network } = this.#options;
    if (!leadership.isLeader) return false;
    const candidates = replica.machine.membership.members
      .filter((member) => !member.isLearner && !member.isLeaving && member.id !== selfId)
      .map((member) => ({ id: member.id, sinceMs: network.activeSinceMs(member.id) }))
      .filter((candidate): candidate is { id: NodeId; sinceMs: number } => candidate.sinceMs !== undefined)
      .toSorted((a, b) => a.sinceMs - b.sinceMs);
    const [longest] = candidates;
    if (!longest) return false;
    await this.to(longest.id, timeoutMs);
    return true;
  }
}
