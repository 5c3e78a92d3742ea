import { ReplaceResponse_Phase } from "../../../../server/proto/gen/kvorum_membership_pb.js";
import { Code, RpcError } from "../../../../server/rpc/status.ts";
import { hexId, type HexId } from "../../../../operator/types/hex-id.ts";

/** etcd refuses a change while a member has not been in touch for so long: after each one it has to wait. */
const IN_TOUCH_MS = 5000;

/** A member of a simulated cluster. */
export interface RaftMember {
  readonly id: HexId;
  readonly peerUrl: string;
  isLearner: boolean;
  isCaughtUp: boolean;
  /** Whether it ever ran: before that it has no name. */
  hasRun: boolean;
}

/** Why a founding or a change is against the rules that no operator may break. */
export class Breach extends Error {
  override readonly name = "Breach";
}

/** The membership of one cluster, as its members agree on it; each change is whole or not at all. */
export class SimulatedRaft {
  readonly clusterId: HexId;
  members: RaftMember[] = [];
  leader: HexId | undefined;
  term = 1;
  /** How many members there ever were: a change that is done twice shows here. */
  everMembers = 0;
  /** How often a second learner was asked for while one was on its way: one operator alone never does. */
  secondLearners = 0;
  readonly #isAlive: (id: HexId) => boolean;
  readonly #nowMs: () => number;
  #joinedMs = -Infinity;
  readonly #firstId: bigint;

  constructor(number: number, isAlive: (id: HexId) => boolean, nowMs: () => number) {
    this.#firstId = 0x1000n * BigInt(number);
    this.clusterId = hexId(0xc000n + BigInt(number));
    this.#isAlive = isAlive;
    this.#nowMs = nowMs;
  }

  found(peerUrl: string): HexId {
    const member = this.#newMember(peerUrl);
    this.members = [{ ...member, isLearner: false, isCaughtUp: true, hasRun: true }];
    this.leader = member.id;
    return member.id;
  }

  get voters(): readonly RaftMember[] {
    return this.members.filter(({ isLearner }) => !isLearner);
  }

  get isQuorate(): boolean {
    return this.#aliveVoters().length > this.voters.length / 2;
  }

  /** Whether requests are served at this moment. */
  get isServing(): boolean {
    return this.isQuorate && this.leader !== undefined && this.#isAlive(this.leader);
  }

  find(id: HexId): RaftMember | undefined {
    return this.members.find((member) => member.id === id);
  }

  /** One thing that raft does of its own accord; undefined when nothing is to do. */
  step(): string | undefined {
    if (this.leader !== undefined && !(this.#isAlive(this.leader) && this.#isVoter(this.leader))) {
      this.leader = undefined;
      return "the leader is gone";
    }
    const [heir] = this.#aliveVoters();
    if (this.leader === undefined && this.isQuorate && heir) {
      this.leader = heir.id;
      this.term++;
      return `${heir.id} leads`;
    }
    const learner = this.members.find(({ id, isLearner, isCaughtUp }) => isLearner && !isCaughtUp && this.#isAlive(id));
    if (!learner || !this.isServing) return undefined;
    learner.isCaughtUp = true;
    return `${learner.id} has caught up`;
  }

  addLearner(peerUrl: string): RaftMember {
    if (this.members.some((member) => member.peerUrl === peerUrl))
      throw new RpcError(Code.FAILED_PRECONDITION, "etcdserver: Peer URLs already exists");
    this.#mayAdd();
    return this.#add(peerUrl);
  }

  promote(id: HexId): void {
    const member = this.find(id);
    if (!member) throw new RpcError(Code.NOT_FOUND, "etcdserver: member not found");
    if (!member.isLearner)
      throw new RpcError(Code.FAILED_PRECONDITION, "etcdserver: can only promote a learner member");
    this.#mustBeInSync(member);
    this.#mustBeInTouch();
    member.isLearner = false;
    this.#joinedMs = this.#nowMs();
  }

  remove(id: HexId): void {
    const member = this.find(id);
    if (!member) throw new RpcError(Code.NOT_FOUND, "etcdserver: member not found");
    const left = this.#aliveVoters().filter((voter) => voter.id !== id);
    if (!member.isLearner && left.length <= (this.voters.length - 1) / 2)
      throw new RpcError(Code.UNAVAILABLE, "etcdserver: unhealthy cluster");
    this.members = this.members.filter((other) => other.id !== id);
  }

  moveLeader(id: HexId): void {
    if (!this.#isVoter(id) || !this.#isAlive(id))
      throw new RpcError(Code.FAILED_PRECONDITION, "etcdserver: bad leader transferee");
    this.leader = id;
    this.term++;
  }

  replace(old: HexId, peerUrl: string): { readonly phase: ReplaceResponse_Phase; readonly successor: RaftMember } {
    const voter = this.find(old);
    if (!voter || voter.isLearner) throw new RpcError(Code.NOT_FOUND, "etcdserver: member not found");
    const successor = this.members.find((member) => member.isLearner && member.peerUrl === peerUrl);
    if (!successor) {
      this.#mayAdd();
      return { phase: ReplaceResponse_Phase.LEARNER, successor: this.#add(peerUrl) };
    }
    if (!successor.isCaughtUp) return { phase: ReplaceResponse_Phase.LEARNER, successor };
    this.members = this.members.filter(({ id }) => id !== old);
    successor.isLearner = false;
    this.#joinedMs = this.#nowMs();
    return { phase: ReplaceResponse_Phase.REPLACED, successor };
  }

  #add(peerUrl: string): RaftMember {
    const member = this.#newMember(peerUrl);
    this.members = [...this.members, member];
    return member;
  }

  #newMember(peerUrl: string): RaftMember {
    const id = hexId(this.#firstId + BigInt(++this.everMembers));
    return { id, peerUrl, isLearner: true, isCaughtUp: false, hasRun: false };
  }

  #mayAdd(): void {
    if (this.members.some(({ isLearner }) => isLearner)) {
      this.secondLearners++;
      throw new RpcError(Code.FAILED_PRECONDITION, "etcdserver: too many learner members in cluster");
    }
    this.#mustBeInTouch();
  }

  #mustBeInTouch(): void {
    if (!this.isServing) throw new RpcError(Code.UNAVAILABLE, "etcdserver: request timed out");
    if (this.#nowMs() - this.#joinedMs < IN_TOUCH_MS)
      throw new RpcError(Code.UNAVAILABLE, "etcdserver: unhealthy cluster");
  }

  #mustBeInSync({ isCaughtUp }: RaftMember): void {
    if (isCaughtUp) return;
    const text = "etcdserver: can only promote a learner member which is in sync with leader";
    throw new RpcError(Code.FAILED_PRECONDITION, text);
  }

  #aliveVoters(): readonly RaftMember[] {
    return this.voters.filter(({ id }) => this.#isAlive(id));
  }

  #isVoter(id: HexId): boolean {
    return this.find(id)?.isLearner === false;
  }
}
