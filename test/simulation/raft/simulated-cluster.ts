import { assert, must } from "../../../server/base/assert.ts";
import type { Index, NodeId } from "../../../server/base/ids.ts";
import { seededRandom } from "../../../server/base/prng.ts";
import type { Random } from "../../../server/base/prng.ts";
import { MessageType } from "../../../server/proto/raft-message.ts";
import type { ConfState, Message, Snapshot } from "../../../server/proto/raft-message.ts";
import { RaftChecker } from "./raft-checker.ts";
import { randomConfChange } from "./random-conf-change.ts";
import { SimulatedMember } from "./simulated-member.ts";
import type { MemberOptions } from "./simulated-member.ts";

const IDS: readonly NodeId[] = [1n, 2n, 3n, 4n, 5n];
const MAX_MESSAGES = 200;
const HEALING_ROUNDS = 2000;
const FIRST_INDEX = 5;

/** What a run has seen, to show that it was not idle. */
export interface SimulationFigures {
  readonly elections: number;
  readonly committed: Index;
  readonly confChanges: number;
  readonly crashes: number;
  readonly reads: number;
  readonly snapshots: number;
}

/** Members, the network between them and everything that can go wrong, all drawn from one seed. */
export class SimulatedCluster {
  readonly #random: Random;
  readonly #checker = new RaftChecker();
  readonly #members: readonly SimulatedMember[];
  readonly #mustRecover: boolean;
  readonly #changes: Parameters<typeof randomConfChange>[1];
  #messages: Message[] = [];
  #cut = new Set<string>();
  #isHealthy = false;
  #proposals = 0;
  /** Reads by context: what they have to see at least. */
  readonly #reads = new Map<number, Index>();
  #figures = { confChanges: 0, crashes: 0, reads: 0, snapshots: 0 };

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.#changes = { ids: IDS, manner: this.#random.below(3) === 0 ? "rough" : "gentle", random: this.#random };
    const options = randomOptions(this.#random);
    this.#mustRecover = this.#changes.manner === "gentle" && (options.checkQuorum || options.preVote);
    const world = {
      checker: this.#checker,
      random: this.#random,
      send: (message: Message) => this.#send(message),
      answerRead: (context: Uint8Array, index: Index) => this.#answerRead(context, index),
    };
    this.#members = IDS.map((id) => new SimulatedMember(id, options, world, id <= 3n ? start : undefined));
  }

  /** Runs with faults, then without any, and checks that the cluster then comes back to work. */
  run(steps: number): SimulationFigures {
    for (let i = 0; i < steps; i++) this.#step();
    this.#heal();
    return { ...this.#figures, elections: this.#checker.elections, committed: this.#checker.maxCommitted };
  }

  #step(): void {
    const member = this.#pick(this.#members);
    const dice = this.#random.below(1000);
    if (!member.isRunning) {
      if (dice < 100) member.restart();
    } else if (dice < 100) member.node.tick();
    else if (dice < 450) this.#deliver();
    else if (dice < 650) member.work(() => this.#random.below(1000) === 0 && this.#count("crashes"));
    else if (dice < 780) member.workOnAppend();
    else if (dice < 860) member.workOnApply();
    else if (dice < 960) member.workOnInbox();
    else if (dice < 980) this.#propose(member);
    else if (dice < 988) this.#proposeConfChange(member);
    else if (dice < 994) this.#read(member);
    else if (this.#random.below(3) === 0) this.#disturb(member, this.#random.below(100));
    member.check();
  }

  #disturb(member: SimulatedMember, dice: number): void {
    if (dice < 20) {
      member.crash();
      this.#count("crashes");
    } else if (dice < 35) this.#partition();
    else if (dice < 60) this.#cut.clear();
    else if (dice < 75) member.compact(this.#random.below(4));
    else if (dice < 85) member.node.transferLeader(this.#pick(IDS));
    else if (dice < 90) member.node.campaign();
    else if (dice < 95) member.node.reportUnreachable(this.#pick(IDS));
    else member.node.forgetLeader();
  }

  /** Any message of the many under way: late, out of order, more than once or never. */
  #deliver(): void {
    if (this.#messages.length === 0) return;
    const at = this.#isHealthy ? 0 : this.#random.below(this.#messages.length);
    const message = this.#messages[at]!;
    const dice = this.#isHealthy ? 99 : this.#random.below(100);
    if (dice >= 5) this.#messages.splice(at, 1);
    const isLost = (dice >= 5 && dice < 15) || this.#cut.has(`${message.from}-${message.to}`);
    const target = this.#members.find(({ id }) => id === message.to);
    const isDelivered = !isLost && target?.isRunning === true;
    if (isDelivered) {
      target.node.step(message);
      target.check();
    }
    if (message.type === MessageType.Snap) this.#reportSnapshot(message, isDelivered);
  }

  #reportSnapshot({ from, to }: Message, isDelivered: boolean): void {
    this.#count("snapshots");
    const sender = this.#members.find(({ id }) => id === from);
    if (sender?.isRunning) sender.node.reportSnapshot(to, isDelivered);
  }

  #send(message: Message): void {
    if (this.#messages.length >= MAX_MESSAGES) this.#messages.splice(this.#random.below(MAX_MESSAGES), 1);
    this.#messages.push(message);
  }

  #partition(): void {
    const side = new Set(IDS.filter(() => this.#random.below(2) === 0));
    const isOneWay = this.#random.below(4) === 0;
    for (const from of IDS) {
      for (const to of IDS) {
        if (side.has(from) && !side.has(to)) this.#cut.add(`${from}-${to}`).add(isOneWay ? "" : `${to}-${from}`);
      }
    }
  }

  #propose(member: SimulatedMember): boolean {
    const count = 1 + this.#random.below(3);
    const data = Array.from({ length: count }, () => Uint8Array.of(++this.#proposals & 255, this.#proposals >> 8));
    return member.node.propose(data) === "accepted";
  }

  #proposeConfChange(member: SimulatedMember): void {
    const { role, configuration } = member.node.status();
    const change = role === "leader" ? randomConfChange(configuration, this.#changes) : undefined;
    if (change !== undefined && member.node.proposeConfChange(change) === "accepted") this.#count("confChanges");
  }

  #read(member: SimulatedMember): void {
    const key = this.#reads.size + 1;
    this.#reads.set(key, this.#checker.maxCommitted);
    member.node.readIndex(new Uint8Array(new Uint32Array([key]).buffer));
  }

  #answerRead(context: Uint8Array, index: Index): void {
    const atLeast = must(this.#reads.get(new DataView(context.buffer, context.byteOffset).getUint32(0, true)));
    assert(index >= atLeast, `linearizable reads: index ${index} although ${atLeast} was committed before`);
    this.#count("reads");
  }

  /**
   * No more faults: everyone runs, the network is in order. Members that have left the configuration are
   * stopped, as one does. Then a proposal has to be applied everywhere, provided that changes were gentle
   * and that members tell an outdated leader their term, which they do with pre-vote or the quorum check.
   */
  #heal(): void {
    this.#isHealthy = true;
    this.#cut.clear();
    for (const member of this.#members) if (!member.isRunning) member.restart();
    for (let round = 0; round < HEALING_ROUNDS; round++) {
      for (const member of this.#members) this.#settle(member);
      for (let i = this.#messages.length; i > 0; i--) this.#deliver();
      if (round % 10 === 0 && this.#isWhole()) return;
    }
    assert(!this.#mustRecover, "a healthy cluster comes back to work");
  }

  #settle(member: SimulatedMember): void {
    if (!member.isRunning) return;
    member.node.tick();
    while (member.isBusy) {
      member.work(() => false);
      member.workOnAppend();
      member.workOnApply();
      member.workOnInbox();
      member.check();
    }
  }

  #isWhole(): boolean {
    const ahead = this.#members.toSorted((a, b) => b.applied - a.applied)[0]!;
    const { votersOutgoing } = ahead.confState;
    const ids = memberIds(ahead.confState);
    const members = this.#members.filter(({ id }) => ids.has(id));
    // Who was removed is needed until nobody counts its vote any more.
    const needed = new Set([...ids, ...members.flatMap(({ confState }) => [...memberIds(confState)])]);
    for (const member of this.#members) {
      if (needed.has(member.id) && !member.isRunning) member.restart();
      if (!needed.has(member.id) && member.isRunning) member.crash();
    }
    const leader = members.find(({ node }) => node.basicStatus().role === "leader");
    if (leader === undefined) return false;
    // Explicit joint configurations are left by whoever began them.
    if (votersOutgoing.length > 0) {
      this.#proposeConfChange(leader);
      return false;
    }
    const isEven = members.every(({ applied }) => applied === leader.applied);
    return !this.#propose(leader) ? false : isEven && leader.node.basicStatus().commit > FIRST_INDEX;
  }

  #count(what: "confChanges" | "crashes" | "reads" | "snapshots"): true {
    this.#figures[what]++;
    return true;
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#random.below(from.length)]!;
  }
}

function memberIds({ voters, votersOutgoing, learners }: ConfState): ReadonlySet<NodeId> {
  return new Set([...voters, ...votersOutgoing, ...learners]);
}

const start: Snapshot = {
  data: new Uint8Array(4),
  metadata: {
    index: FIRST_INDEX,
    term: 1,
    confState: { voters: [1n, 2n, 3n], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false },
  },
};

function randomOptions(random: Random): MemberOptions {
  const is = () => random.below(2) === 0;
  const maxSizePerMessage = is() ? Infinity : 20 + random.below(40);
  return {
    electionTicks: 4 + random.below(4),
    heartbeatTicks: 1 + random.below(2),
    asyncStorageWrites: is(),
    maxSizePerMessage,
    maxCommittedSizePerReady: is() ? 0 : 20 + random.below(40),
    maxUncommittedEntriesSize: is() ? 0 : 30,
    maxInflightMessages: 1 + random.below(4),
    maxInflightBytes: maxSizePerMessage > 100 || is() ? 0 : 100,
    checkQuorum: is(),
    preVote: is(),
    readOnly: "safe",
    disableProposalForwarding: is(),
    disableConfChangeValidation: false,
    stepDownOnRemoval: is(),
  };
}
