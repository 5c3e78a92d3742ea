import type { NodeId } from "../../../server/base/ids.ts";
import { MessageType } from "../../../server/proto/raft-message.ts";
import type { Message, Snapshot } from "../../../server/proto/raft-message.ts";
import { isLocalTarget } from "../../../server/raft/local-target.ts";
import { makeMessage } from "../../../server/raft/make-message.ts";
import type { RaftConfig } from "../../../server/raft/raft-config.ts";
import type { StepResult } from "../../../server/raft/raw-node.ts";
import { describeProgress } from "./describe-configuration.ts";
import { describeEntries, describeMessage, describeReady, describeRole } from "./describe-message.ts";
import { InteractionMember } from "./interaction-member.ts";
import { InteractionOutput } from "./interaction-output.ts";

const refusals: Readonly<Record<Exclude<StepResult, "accepted">, string>> = {
  dropped: "raft proposal dropped",
  "local-message": "raft: cannot step raft local message",
  "unknown-peer": "raft: cannot step as peer not found",
};

/** A step that was refused; the scripts print its message. */
class RefusedStep extends Error {
  override readonly name = "RefusedStep";
}

/** Members with a network between them that delivers when it is told to, and everything prints. */
export class Interaction {
  readonly output = new InteractionOutput();
  readonly #members: InteractionMember[] = [];
  #messages: Message[] = [];

  add(config: Omit<RaftConfig, "id" | "storage" | "random">, start: Snapshot): void {
    this.#members.push(new InteractionMember(BigInt(this.#members.length + 1), config, start));
  }

  member(id: NodeId): InteractionMember {
    return this.#members[Number(id) - 1]!;
  }

  check(result: StepResult): void {
    if (result !== "accepted") throw new RefusedStep(refusals[result]);
  }

  tick(id: NodeId, times: "electionTicks" | "heartbeatTicks"): void {
    const { node, config } = this.member(id);
    for (let i = 0; i < config[times]; i++) node.tick();
  }

  processReady(id: NodeId): void {
    const member = this.member(id);
    const ready = member.node.ready();
    this.output.write(describeReady(ready));
    if (!member.config.asyncStorageWrites) {
      member.write(ready.hardState, ready.entries, ready.snapshot);
      member.apply(ready.committedEntries);
    }
    for (const message of ready.messages) {
      if (!isLocalTarget(message.to)) this.#messages.push(message);
      else (message.type === MessageType.StorageAppend ? member.appendWork : member.applyWork).push(message);
    }
    if (!member.config.asyncStorageWrites) member.node.advance();
  }

  processAppend(id: NodeId): void {
    const member = this.member(id);
    const work = member.appendWork.shift();
    if (work === undefined) return this.output.write("no append work to perform");
    this.output.write(`Processing:\n${describeMessage({ ...work, responses: [] })}\n`);
    const { term, vote, commit } = work;
    const isHardState = term !== 0 || vote !== 0n || commit !== 0;
    member.write(isHardState ? { term, vote, commit } : undefined, work.entries, work.snapshot);
    this.#respond(work);
  }

  processApply(id: NodeId): void {
    const member = this.member(id);
    const work = member.applyWork.shift();
    if (work === undefined) return this.output.write("no apply work to perform");
    this.output.write(`Processing:\n${describeMessage({ ...work, responses: [] })}\n`);
    member.apply(work.entries);
    this.#respond(work);
  }

  /** Delivers or drops what is under way to a member, and says how many messages that were. */
  deliver(to: NodeId, how: { readonly type: MessageType | undefined; readonly isDropped: boolean }): number {
    const isMeant = (message: Message) =>
      message.to === to && !(how.isDropped && isLocal(message)) && (how.type ?? message.type) === message.type;
    const meant = this.#messages.filter(isMeant);
    this.#messages = this.#messages.filter((message) => !isMeant(message));
    for (const message of meant) {
      this.output.line(`${how.isDropped ? "dropped: " : ""}${describeMessage(message)}`);
      if (how.isDropped) continue;
      const result = this.member(to).node.step(message);
      if (result !== "accepted") this.output.line(refusals[result]);
    }
    return meant.length;
  }

  /** Lets the given members (or all) work and exchange messages until nothing is left to do. */
  stabilize(ids: readonly NodeId[]): void {
    const members = ids.length > 0 ? ids : this.#members.map(({ config }) => config.id);
    const rounds: [string, (id: NodeId) => boolean, (id: NodeId) => void][] = [
      ["handling Ready", (id) => this.member(id).node.hasReady(), (id) => this.processReady(id)],
      [
        "receiving messages",
        (id) => this.#messages.some((message) => message.to === id),
        (id) => void this.deliver(id, { type: undefined, isDropped: false }),
      ],
      ["processing append thread", (id) => this.member(id).appendWork.length > 0, (id) => this.#drainAppend(id)],
      ["processing apply thread", (id) => this.member(id).applyWork.length > 0, (id) => this.#drainApply(id)],
    ];
    for (let isDone = false; !isDone;) {
      isDone = true;
      for (const [what, isDue, act] of rounds) {
        for (const id of members) {
          if (!isDue(id)) continue;
          isDone = false;
          this.output.line(`> ${id} ${what}`);
          this.output.indented(() => act(id));
        }
      }
    }
  }

  sendSnapshot(from: NodeId, to: NodeId): void {
    const { node, snapshot } = this.member(from);
    const message = makeMessage({ type: MessageType.Snap, from, to, term: node.basicStatus().term, snapshot });
    this.#messages.push(message);
    this.output.write(describeMessage(message));
  }

  compact(id: NodeId, index: number): void {
    this.member(id).storage.compact(index);
    this.showLog(id);
  }

  showLog(id: NodeId): void {
    const { storage } = this.member(id);
    const [first, last] = [storage.firstIndex(), storage.lastIndex()];
    if (last < first) this.output.write(`log is empty: first index=${first}, last index=${last}`);
    else this.output.write(describeEntries(storage.entries(first, last + 1, Infinity)!));
  }

  showStates(): void {
    for (const { node } of this.#members) {
      const { id, role, term, leader, configuration } = node.status();
      const isVoter = configuration.incoming.has(id) || configuration.outgoing.has(id);
      const kind = isVoter ? "(Voter)" : "(Non-Voter)";
      this.output.line(`${id}: ${describeRole(role)} ${kind} Term:${term} Lead:${leader}`);
    }
  }

  showProgress(id: NodeId): void {
    this.output.write(describeProgress(this.member(id).node.status().progress));
  }

  #drainAppend(id: NodeId): void {
    while (this.member(id).appendWork.length > 0) this.processAppend(id);
  }

  #drainApply(id: NodeId): void {
    while (this.member(id).applyWork.length > 0) this.processApply(id);
  }

  #respond(work: Message): void {
    this.output.line("Responses:");
    for (const response of work.responses) this.output.line(describeMessage(response));
    this.#messages.push(...work.responses);
  }
}

function isLocal({ from, to }: Message): boolean {
  return from === to || isLocalTarget(from) || isLocalTarget(to);
}
