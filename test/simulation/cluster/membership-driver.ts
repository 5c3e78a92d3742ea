import { DomainError } from "../../../server/base/domain-error.ts";
import type { Random } from "../../../server/base/prng.ts";
import type { Member } from "../../../server/cluster/member.ts";
import type { InitialMember } from "../../../server/node/bootstrap.ts";
import type { Node } from "../../../server/node/node.ts";
import type { SimulatedMember } from "./simulated-member.ts";
import type { VirtualTime } from "./virtual-time.ts";

const LONGEST_PEACE_MS = 3000;
const STEP_TIMEOUT_MS = 12_000;
const MOST_MEMBERS = 5;
const FEWEST_VOTERS = 2;

export interface MembershipDriverOptions {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly members: () => readonly SimulatedMember[];
  /** A new machine with an empty disk. */
  readonly addMachine: (peerUrl: string, cluster: () => readonly InitialMember[]) => void;
}

/** An administrator who adds, promotes, replaces and removes members, and gives each new one a machine. */
export class MembershipDriver {
  readonly #options: MembershipDriverOptions;
  #isStopped = false;
  #count = 0;
  readonly counts: Record<string, number> = {};
  readonly faults: Record<string, number> = {};
  bug: unknown;

  constructor(options: MembershipDriverOptions) {
    this.#options = options;
    this.#next();
  }

  stop(): void {
    this.#isStopped = true;
  }

  #next(): void {
    const { time, random } = this.#options;
    time.after(500 + random.below(LONGEST_PEACE_MS), () => {
      if (this.#isStopped) return;
      const nodes = this.#options
        .members()
        .flatMap(({ node }) => (node && node.members.list().length > 0 ? [node] : []));
      const leader = nodes.find(({ leadership }) => leadership.isLeader);
      const node = random.below(3) > 0 ? leader : nodes[random.below(nodes.length)];
      const step = node ? this.#step(node) : Promise.resolve();
      Promise.race([step, time.pause(STEP_TIMEOUT_MS)]).then(
        () => {
          this.#next();
        },
        (error: unknown) => {
          if (error instanceof DomainError) this.faults[error.fault] = (this.faults[error.fault] ?? 0) + 1;
          else this.bug ??= error;
          this.#next();
        },
      );
    });
  }

  async #step(node: Node): Promise<void> {
    const { random } = this.#options;
    const list = node.members.list();
    const learner = list.find(({ isLearner }) => isLearner);
    const voters = list.filter(({ isLearner }) => !isLearner);
    const dice = random.below(10);
    if (learner?.replaces !== undefined && dice < 8) return this.#replace(node, learner.replaces);
    if (learner && dice < 7) return this.#did("promote", () => node.members.promote(learner.id));
    if (learner && dice < 8) return this.#did("remove learner", () => node.members.remove(learner.id));
    if (!learner && dice < 4 && list.length < MOST_MEMBERS) {
      return this.#did("add", () => node.members.add([this.#freshUrl()], random.below(4) > 0));
    }
    if (voters.length > FEWEST_VOTERS && dice < 7) {
      const target = random.below(2) === 0 ? node.selfId : voters[random.below(voters.length)]?.id;
      if (target !== undefined) return this.#did("remove", () => node.members.remove(target));
    }
    const replaced = voters[random.below(voters.length)];
    if (!learner && replaced && node.leadership.isLeader) return this.#replace(node, replaced.id);
  }

  #replace(node: Node, id: Member["id"]): Promise<void> {
    return this.#did("replace", async () => {
      const { phase } = await node.members.replace(id, [this.#freshUrl()]);
      if (phase === "replaced") this.#note("replaced");
    });
  }

  async #did(kind: string, step: () => Promise<unknown>): Promise<void> {
    await step();
    this.#note(kind);
  }

  #note(kind: string): void {
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
  }

  /** Also for members whose addition was not answered. */
  giveMachines(): void {
    const { members, addMachine } = this.#options;
    for (const { peerUrls, name } of this.#listNow()) {
      const [url] = peerUrls;
      if (url === undefined || name !== "" || members().some(({ peerUrl }) => peerUrl === url)) continue;
      addMachine(url, () => this.#namedNow(url));
    }
  }

  /** The flags of a member that joins: all that are there, and itself. */
  #namedNow(self: string): readonly InitialMember[] {
    const urls = this.#listNow().map(({ peerUrls }) => peerUrls[0] ?? "");
    return [...new Set([...urls, self])].map((url) => ({ name: nameOf(url), peerUrls: [url] }));
  }

  /** As the member with the longest log knows it. */
  #listNow(): readonly Member[] {
    const [longest] = this.#options
      .members()
      .flatMap(({ node }) => (node ? [node] : []))
      .toSorted((a, b) => b.raftStatus.appliedIndex - a.raftStatus.appliedIndex);
    return longest?.members.list() ?? [];
  }

  #freshUrl(): string {
    return `http://n${String(++this.#count)}:2380`;
  }
}

/** `http://n3:2380` → `n3` */
export function nameOf(peerUrl: string): string {
  return new URL(peerUrl).hostname;
}
