import { must, unreachable } from "../base/assert.ts";
import { DomainError } from "../base/domain-error.ts";
import type { Fault } from "../base/domain-error.ts";
import { hexId } from "../base/ids.ts";
import type { NodeId } from "../base/ids.ts";
import { ConfChangeTransition } from "../proto/raft-message.ts";
import type { ConfChange, ConfChangeV2 } from "../proto/raft-message.ts";
import { CLUSTER } from "../backend/buckets.ts";
import type { WriteBuffer } from "../backend/write-buffer.ts";
import { isConfChangeV2, planConfChange } from "./conf-change-plan.ts";
import type { CurrentMembers, MemberStep } from "./conf-change-plan.ts";
import { downgradeJson, memberJson, parseDowngrade, parseMemberContext } from "./member-json.ts";
import type { DowngradeInfo, Member } from "./member.ts";
import type { MembershipFact } from "./membership-fact.ts";

/** What became of a change: raft has to be told the effective one. */
export interface AppliedConfChange<Change extends ConfChange | ConfChangeV2> {
  /** The change, or with its node ids zeroed if it was refused. */
  readonly effective: Change;
  readonly fault: Fault | undefined;
  readonly facts: readonly MembershipFact[];
}

/** Who is in the cluster and which version it speaks, as far as entries have been applied. */
export class Membership implements CurrentMembers {
  readonly #buffer: WriteBuffer;
  readonly #maxLearners: number;
  readonly #members = new Map<NodeId, Member>();
  readonly #removed = new Set<NodeId>();
  #clusterVersion: string | undefined;
  #downgrade: DowngradeInfo = { isEnabled: false, targetVersion: "" };

  constructor(buffer: WriteBuffer, maxLearners: number) {
    this.#buffer = buffer;
    this.#maxLearners = maxLearners;
  }

  /** By ascending id. */
  get members(): readonly Member[] {
    return [...this.#members.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  member(id: NodeId): Member | undefined {
    return this.#members.get(id);
  }

  /** An id that was removed can never return. */
  isRemoved(id: NodeId): boolean {
    return this.#removed.has(id);
  }

  get removedIds(): readonly NodeId[] {
    return [...this.#removed];
  }

  /** "3.6.0"; undefined before the cluster has agreed on one. */
  get clusterVersion(): string | undefined {
    return this.#clusterVersion;
  }

  get downgrade(): DowngradeInfo {
    return this.#downgrade;
  }

  /** A row of bucket `members`, `members_removed` or `cluster`. */
  load(bucket: "members" | "members_removed" | "cluster", key: Uint8Array, value: Uint8Array): void {
    const [name, text] = [decode(key), decode(value)];
    if (bucket === "members") {
      const { member } = parseMemberContext(text);
      this.#members.set(member.id, member);
    } else if (bucket === "members_removed") this.#removed.add(BigInt(`0x${name}`));
    else if (name === decode(CLUSTER.clusterVersion)) this.#clusterVersion = text;
    else if (name === decode(CLUSTER.downgrade)) this.#downgrade = parseDowngrade(text);
  }

  /** Would the change take effect? Throws the DomainError with which it would be refused. */
  check(change: ConfChange | ConfChangeV2): void {
    planConfChange(this, change, this.#maxLearners);
  }

  /**
   * Applies a committed change, all of it or nothing. A voter that a joint configuration leaves out stays a member until
   * that is left (a change without changes): its peers must reach it, its vote may be needed to leave.
   */
  apply<Change extends ConfChange | ConfChangeV2>(change: Change): AppliedConfChange<Change> {
    if (isConfChangeV2(change) && change.changes.length === 0) {
      return { effective: change, fault: undefined, facts: this.#leaveJoint() };
    }
    try {
      const steps = planConfChange(this, change, this.#maxLearners);
      const isJoint = entersJoint(change);
      const facts = steps.flatMap((step) => {
        if (isJoint && step.kind === "remove" && !this.member(step.id)?.isLearner) return this.#startLeaving(step.id);
        return [this.#take(step)];
      });
      return { effective: change, fault: undefined, facts };
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      return { effective: zeroed(change), fault: error.fault, facts: [] };
    }
  }

  /** A member publishes its name and client URLs. Nothing happens if it is gone. */
  setAttributes(id: NodeId, name: string, clientUrls: readonly string[]): readonly MembershipFact[] {
    const known = this.#members.get(id);
    if (!known) return [];
    const member = { ...known, name, clientUrls };
    this.#put(member);
    return [{ kind: "member-attributes-changed", member }];
  }

  setClusterVersion(version: string): readonly MembershipFact[] {
    const previous = this.#clusterVersion;
    this.#clusterVersion = version;
    this.#buffer.put("cluster", CLUSTER.clusterVersion, encode(version));
    return [{ kind: "cluster-version-changed", version, previous }];
  }

  setDowngrade(downgrade: DowngradeInfo): readonly MembershipFact[] {
    this.#downgrade = downgrade;
    this.#buffer.put("cluster", CLUSTER.downgrade, encode(downgradeJson(downgrade)));
    return [{ kind: "downgrade-changed", downgrade }];
  }

  #take(step: MemberStep): MembershipFact {
    switch (step.kind) {
      case "add":
        this.#put(step.member);
        return { kind: "member-added", member: step.member };
      case "update":
        this.#put(step.member);
        return { kind: "member-updated", member: step.member };
      case "promote": {
        const member = { ...must(this.#members.get(step.id)), isLearner: false, replaces: undefined };
        this.#put(member);
        return { kind: "member-promoted", member };
      }
      case "remove":
        return this.#remove(step.id);
      default:
        return unreachable(step);
    }
  }

  #startLeaving(id: NodeId): readonly MembershipFact[] {
    this.#put({ ...must(this.#members.get(id)), isLeaving: true });
    return [];
  }

  #leaveJoint(): readonly MembershipFact[] {
    return this.members.filter((member) => member.isLeaving).map((member) => this.#remove(member.id));
  }

  #put(member: Member): void {
    this.#members.set(member.id, member);
    this.#buffer.put("members", encode(hexId(member.id)), encode(memberJson(member)));
  }

  #remove(id: NodeId): MembershipFact {
    const member = must(this.#members.get(id));
    this.#members.delete(id);
    this.#removed.add(id);
    this.#buffer.delete("members", encode(hexId(id)));
    this.#buffer.put("members_removed", encode(hexId(id)), encode("removed"));
    return { kind: "member-removed", id, member };
  }
}

/** Whether raft goes through a joint configuration for it (etcd-io/raft: ConfChangeV2.EnterJoint). */
function entersJoint(change: ConfChange | ConfChangeV2): boolean {
  if (!isConfChangeV2(change)) return false;
  return change.transition !== ConfChangeTransition.Auto || change.changes.length > 1;
}

/** Raft skips changes for node 0. */
function zeroed<Change extends ConfChange | ConfChangeV2>(change: Change): Change {
  if (!isConfChangeV2(change)) return { ...change, nodeId: 0n };
  return { ...change, changes: change.changes.map(({ type }) => ({ type, nodeId: 0n })) };
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
