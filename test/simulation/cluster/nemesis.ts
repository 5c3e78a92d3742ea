import type { Random } from "../../../server/base/prng.ts";
import type { SimulatedMember } from "./simulated-member.ts";
import type { SimulatedNetwork } from "./simulated-network.ts";
import type { VirtualTime } from "./virtual-time.ts";

const LONGEST_DOWN_MS = 3000;
const LONGEST_CUT_MS = 6000;
const CALLS_UNTIL_DEATH = 120;

export interface NemesisOptions {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly network: SimulatedNetwork;
  readonly members: () => readonly SimulatedMember[];
  readonly longestPeaceMs: number;
}

/** Whatever can go wrong outside of the members goes wrong, and is mended after a while. */
export class Nemesis {
  readonly #options: NemesisOptions;
  #isStopped = false;
  readonly counts: Record<string, number> = {};

  constructor(options: NemesisOptions) {
    this.#options = options;
    this.#next();
    options.time.after(0, () => {
      this.#restartDead();
    });
  }

  stop(): void {
    this.#isStopped = true;
    this.#options.network.healAll();
    for (const member of this.#options.members()) member.liveOn();
  }

  #next(): void {
    const { time, random, longestPeaceMs } = this.#options;
    time.after(random.below(longestPeaceMs), () => {
      if (this.#isStopped) return;
      this.#strike();
      this.#next();
    });
  }

  #strike(): void {
    const { random } = this.#options;
    const dice = random.below(100);
    if (dice < 18) this.#withMember("crash", (member) => member.dieSoon(random.below(CALLS_UNTIL_DEATH), false));
    else if (dice < 36)
      this.#withMember("power cut", (member) => member.dieSoon(random.below(CALLS_UNTIL_DEATH), true));
    else if (dice < 42) this.#withMember("power cut at once", (member) => member.cutPower());
    else if (dice < 46) this.#all();
    else if (dice < 58) this.#isolate();
    else if (dice < 68) this.#cutOneWay();
    else if (dice < 80) this.#storm();
    else if (dice < 90) this.#transfer();
    else this.#withMember("isolated leader", (member) => this.#cut(member), true);
  }

  #withMember(kind: string, strike: (member: SimulatedMember) => void, mustLead = false): void {
    const { random, members } = this.#options;
    const running = members().filter(
      ({ isAlive, node }) => isAlive && (!mustLead || node?.leadership.isLeader === true),
    );
    const member = running[random.below(running.length)];
    if (!member) return;
    this.#count(kind);
    strike(member);
  }

  #all(): void {
    this.#count("power cut everywhere");
    for (const member of this.#options.members()) if (member.isAlive) member.cutPower();
  }

  #isolate(): void {
    this.#withMember("partition", (member) => this.#cut(member));
  }

  #cut(member: SimulatedMember): void {
    for (const other of this.#options.members()) {
      if (other === member) continue;
      this.#link(member, other);
      this.#link(other, member);
    }
  }

  #cutOneWay(): void {
    const { random, members } = this.#options;
    const all = members();
    const from = all[random.below(all.length)];
    const to = all[random.below(all.length)];
    if (!from || !to || from === to) return;
    this.#count("one-way cut");
    this.#link(from, to);
  }

  #link(from: SimulatedMember, to: SimulatedMember): void {
    const { time, random, network } = this.#options;
    network.setLink(from.peerUrl, to.peerUrl, false);
    time.after(random.below(LONGEST_CUT_MS), () => network.setLink(from.peerUrl, to.peerUrl, true));
  }

  #storm(): void {
    const { random, network, time } = this.#options;
    this.#count("bad network");
    Object.assign(network.weather, {
      dropped: random.below(200),
      late: random.below(300),
      latestMs: 1 + random.below(800),
    });
    time.after(random.below(LONGEST_CUT_MS), () => {
      Object.assign(network.weather, { dropped: 0, late: 0, latestMs: 0 });
    });
  }

  #transfer(): void {
    const { random, members } = this.#options;
    this.#withMember(
      "leader transfer",
      ({ node }) => {
        const ids = members().flatMap(({ id }) => (id === undefined ? [] : [id]));
        const target = ids[random.below(ids.length)];
        if (target !== undefined) node?.transferLeader(target).catch(() => undefined);
      },
      true,
    );
  }

  /** A supervisor: what is down is started again sooner or later. */
  #restartDead(): void {
    const { time, random, members } = this.#options;
    for (const member of members()) {
      if (member.isAlive || member.isGone) continue;
      const delayMs = this.#isStopped ? 0 : random.below(LONGEST_DOWN_MS);
      time.after(delayMs, () => {
        member.start();
      });
    }
    time.after(this.#isStopped ? 200 : LONGEST_DOWN_MS / 2, () => {
      this.#restartDead();
    });
  }

  #count(kind: string): void {
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
  }
}
