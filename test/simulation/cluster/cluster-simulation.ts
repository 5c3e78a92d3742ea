import { seededRandom, type Random } from "../../../server/base/prng.ts";
import type { InitialMember } from "../../../server/node/bootstrap.ts";
import type { Node } from "../../../server/node/node.ts";
import type { LogFields } from "../../../server/ports/logger.ts";
import { drawCircumstances, type Circumstances } from "./circumstances.ts";
import { ConfigurationChecker } from "./configuration-checker.ts";
import { History, Violation } from "./history.ts";
import { LeaseChecker } from "./lease-checker.ts";
import { LinearizabilityChecker } from "./linearizability-checker.ts";
import { MembershipDriver, nameOf } from "./membership-driver.ts";
import { checkMembersEqual, hasSettled } from "./member-checker.ts";
import { Nemesis } from "./nemesis.ts";
import { Observers } from "./observers.ts";
import { checkAppliedOnce } from "./once-checker.ts";
import { SimulatedMember, type MemberWorld, type PlantedFaults } from "./simulated-member.ts";
import { SimulatedNetwork } from "./simulated-network.ts";
import { VirtualTime } from "./virtual-time.ts";
import { WatchChecker } from "./watch-checker.ts";
import { Workload } from "./workload.ts";

const CLIENTS = 4;
/** With everything mended the cluster must be whole again after this long. */
const RECOVERY_MS = 90_000;
/** A lease that is not renewed is gone after its TTL, what elections add to it, and the lessor's ticks. */
const EXPIRY_SLACK_MS = 20_000;

export interface SimulationOptions {
  readonly seed: number;
  /** How long things go wrong. */
  readonly lengthMs?: number;
  readonly planted?: PlantedFaults;
  /** Told every line that a member logs, and what happens to it. */
  readonly trace?: (line: string) => void;
}

/** What happened in a run, to see that it was worth its time. */
export interface SimulationFigures {
  readonly happenings: number;
  readonly operations: number;
  readonly watched: number;
  readonly faults: number;
  readonly starts: number;
  readonly snapshots: number;
  readonly configurations: number;
  readonly joint: number;
  readonly details: Readonly<Record<string, number>>;
}

/** A whole cluster in one process, on virtual time, with clients, faults and an administrator; one seed, one course of events. */
export class ClusterSimulation {
  readonly #options: SimulationOptions;
  readonly #random: Random;
  readonly #circumstances: Circumstances;
  readonly #time = new VirtualTime();
  readonly #network: SimulatedNetwork;
  readonly #members: SimulatedMember[] = [];
  readonly #history = new History();
  readonly #leases = new LeaseChecker();
  readonly #watches = new WatchChecker();
  readonly #configurations = new ConfigurationChecker();
  readonly #linearizability = new LinearizabilityChecker(this.#history);
  readonly #observers: Observers;
  readonly #workload: Workload;
  readonly #details: Record<string, number> = {};
  #violation: unknown;

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed);
    this.#circumstances = drawCircumstances(this.#random);
    const time = this.#time;
    const random = this.#random;
    const history = this.#history;
    const members = (): readonly SimulatedMember[] => this.#members;
    this.#network = new SimulatedNetwork(time, random);
    this.#observers = new Observers({ time, random, history, watches: this.#watches, leases: this.#leases });
    const linearizability = this.#linearizability;
    this.#workload = new Workload({ time, random, history, linearizability, leases: this.#leases, members });
  }

  /** Runs to the end or to the first violation. */
  async run(): Promise<SimulationFigures> {
    const { members, longestPeaceMs } = this.#circumstances;
    const urls = Array.from({ length: members }, (_, i) => `http://m${String(i)}:2380`);
    const cluster = urls.map((url) => ({ name: nameOf(url), peerUrls: [url] }));
    for (const url of urls) this.#addMachine(url, () => cluster, "new");
    const nemesis = new Nemesis({
      time: this.#time,
      random: this.#random,
      network: this.#network,
      members: () => this.#members,
      longestPeaceMs,
    });
    const driver = new MembershipDriver({
      time: this.#time,
      random: this.#random,
      members: () => this.#members,
      addMachine: (url, names) => {
        this.#addMachine(url, names, "existing");
      },
    });
    this.#workload.start(CLIENTS);
    await this.#pass(this.#options.lengthMs ?? 30_000, driver);
    nemesis.stop();
    driver.stop();
    this.#workload.stop();
    await this.#settle(driver);
    this.#checkAll();
    return this.#figures(nemesis, driver);
  }

  #addMachine(peerUrl: string, cluster: () => readonly InitialMember[], clusterState: "new" | "existing"): void {
    const member = new SimulatedMember({ name: nameOf(peerUrl), peerUrl, world: this.#world(), cluster, clusterState });
    this.#members.push(member);
    member.start();
  }

  #world(): MemberWorld {
    return {
      time: this.#time,
      random: this.#random,
      network: this.#network,
      circumstances: this.#circumstances,
      planted: this.#options.planted ?? {},
      onLog: (member, message, fields) => {
        this.#onLog(member, message, fields);
      },
      onFatal: (member, error) => {
        this.#violation ??= new Violation(`${member.name} ended by itself: ${String(error)}`, { cause: error });
      },
      onStarted: (member, node) => {
        this.#onStarted(member, node);
      },
    };
  }

  #onStarted(member: SimulatedMember, node: Node): void {
    this.#trace(member, "started");
    this.#guarded(() => {
      this.#observers.onStarted(member, node);
    });
  }

  #onLog(member: SimulatedMember, message: string, fields: LogFields): void {
    this.#trace(member, message, fields);
    if (message.startsWith("applied snapshot"))
      this.#details["snapshots installed"] = (this.#details["snapshots installed"] ?? 0) + 1;
    if (message !== "applied a configuration change through raft") return;
    this.#guarded(() => {
      this.#configurations.observe(member.name, fields);
    });
  }

  #trace(member: SimulatedMember, message: string, fields: LogFields = {}): void {
    this.#options.trace?.(
      `${this.#time.nowMs.toFixed(0).padStart(7)} ${member.name}: ${message} ${JSON.stringify(fields)}`,
    );
  }

  /** Violations inside of a member's turn must not be taken for the member's own failure. */
  #guarded(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#violation ??= error;
    }
  }

  async #pass(lengthMs: number, driver: MembershipDriver): Promise<void> {
    await this.#time.run(this.#time.nowMs + lengthMs, () => {
      const found = this.#violation ?? this.#workload.bug ?? driver.bug;
      if (found !== undefined) throw found;
    });
  }

  /** Everything is mended: soon all members run, have the same log and take writes. */
  async #settle(driver: MembershipDriver): Promise<void> {
    const deadlineMs = this.#time.nowMs + RECOVERY_MS;
    await this.#pass(EXPIRY_SLACK_MS, driver);
    for (;;) {
      driver.giveMachines();
      const settled = hasSettled(this.#members);
      if (settled.isSettled) {
        const member = settled.members[this.#random.below(settled.members.length)];
        const writing = member?.node?.isLearner === true ? undefined : member && this.#workload.writeOnce(member);
        await this.#pass(5000, driver);
        if ((await writing) === true && hasSettled(this.#members).isSettled) break;
      }
      if (this.#time.nowMs > deadlineMs) throw new Violation(`the cluster does not recover: ${settled.why}`);
      await this.#pass(500, driver);
    }
    const checking = checkMembersEqual(hasSettled(this.#members).members);
    checking.catch(() => undefined);
    await this.#pass(3000, driver);
    const hangs = Promise.reject(new Violation("a hash is not finished after 3 s"));
    await Promise.race([checking, hangs]);
  }

  #checkAll(): void {
    this.#linearizability.check();
    checkAppliedOnce(this.#history);
    this.#watches.check(this.#history);
    this.#configurations.check();
    this.#leases.checkExpired(this.#history, this.#time.nowMs, EXPIRY_SLACK_MS);
  }

  #figures(nemesis: Nemesis, driver: MembershipDriver): SimulationFigures {
    const details = {
      ...this.#details,
      ...nemesis.counts,
      ...this.#workload.counts,
      ...prefixed("member ", driver.counts),
    };
    Object.assign(details, prefixed("answered ", this.#workload.faults), prefixed("refused ", driver.faults));
    return {
      happenings: this.#time.happened,
      operations: this.#linearizability.count,
      watched: this.#watches.count,
      faults: Object.values(nemesis.counts).reduce((sum, count) => sum + count, 0),
      starts: this.#members.reduce((sum, { starts }) => sum + starts, 0),
      snapshots: this.#details["snapshots installed"] ?? 0,
      configurations: this.#configurations.count,
      joint: this.#configurations.jointCount,
      details,
    };
  }
}

function prefixed(prefix: string, counts: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [`${prefix}${name}`, count]));
}
