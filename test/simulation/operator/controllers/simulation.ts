import { vi } from "vitest";
import { hearFailpoints } from "../../../../operator/config/failpoint.ts";
import type { FailpointName } from "../../../../operator/config/failpoints.ts";
import type { EtcdCluster } from "../../../../operator/types/etcd-cluster.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { PLATFORM } from "../../../support/operator-platform.ts";
import { watchOverChanges } from "./invariants.ts";
import { MemoryKube } from "./memory-kube.ts";
import { Nature } from "./nature.ts";
import { SimulatedMembers } from "./simulated-members.ts";
import { SimulatedOperator } from "./simulated-operator.ts";
import { StoredObjects } from "./stored-objects.ts";

const START_MS = Date.parse("2026-11-01T10:20:30Z");
const TURN_MS = 1000;
/** More turns than any situation takes. */
const TURNS_MAX = 600;
/** Nothing moves in so many turns: it is over. */
const QUIET_TURNS = 4;
const EVENTS = "events.k8s.io/v1/events";

/** Thrown at the failpoint at which the operator is killed. */
class Killed extends Error {}

/** A place in a course of events: a failpoint, and what was being done when it was passed. */
export type Moment = `${FailpointName} ${string}`;

/** A Kubernetes cluster in memory with an operator, whose clock stands between two turns. */
export class Simulation {
  readonly clock = new ManualClock();
  readonly kube = new MemoryKube();
  readonly objects = new StoredObjects(this.kube.store);
  readonly members = new SimulatedMembers(() => this.clock.nowMs);
  readonly nature = new Nature(this.objects, this.members, () => this.clock.nowMs);
  /** What happened, in words, for whoever has to find out why it went wrong. */
  readonly story: string[] = [];
  /** What the operators have logged. */
  readonly log: string[] = [];
  /** The moments that were passed, each at its first time. */
  readonly moments = new Set<Moment>();
  platform = PLATFORM;
  /** Every object that there ever was, by its UID. */
  readonly everObjects = new Map<string, string>();
  /** Happenings between two turns of the operator; half of one: one at every other turn. */
  pace = 1;
  readonly #killAt: Moment | undefined;
  #operator!: SimulatedOperator;
  #version = 0;
  #isKilled = false;
  /** Happenings that may be. */
  #due = 0;

  private constructor(killAt: Moment | undefined) {
    this.#killAt = killAt;
    this.clock.nowMs = START_MS;
    this.kube.store.onChange(({ resource, type, object, version }) => {
      if (resource === EVENTS) return;
      this.#version = version;
      this.everObjects.set(object.metadata.uid, `${object.kind} ${object.metadata.name}`);
      this.story.push(`${type.toLowerCase()} ${object.kind} ${object.metadata.name}`);
    });
  }

  /** Starts one; `killAt`: the operator is killed there, once, and started anew. */
  static async start(killAt?: Moment): Promise<Simulation> {
    const simulation = new Simulation(killAt);
    vi.useFakeTimers({ toFake: ["Date"], now: START_MS });
    simulation.#operator = await SimulatedOperator.start(simulation);
    return simulation;
  }

  stop(): void {
    this.#operator.kill();
    hearFailpoints(undefined);
    vi.useRealTimers();
  }

  /** Another release of the operator takes the place of the one that runs. */
  async upgrade(image: string): Promise<void> {
    this.platform = { ...this.platform, image };
    this.#operator.kill();
    this.#operator = await SimulatedOperator.start(this);
  }

  get wasKilled(): boolean {
    return this.#isKilled;
  }

  /** From now on moments are noted, and the one comes at which the operator is killed. */
  listen(): void {
    hearFailpoints((name) => {
      const moment: Moment = `${name} ${this.#doing()}`;
      if (this.moments.has(moment)) return;
      this.story.push(`-- ${moment}`);
      this.moments.add(moment);
      if (moment !== this.#killAt || this.#isKilled) return;
      this.#isKilled = true;
      throw new Killed(moment);
    });
  }

  cluster(name = "x"): EtcdCluster {
    return this.objects.get("clusters", name) as unknown as EtcdCluster;
  }

  /** Lets nature and operator take turns until something is so, and nothing moves any more. */
  async untilAtRest(what: string, isSo: () => boolean): Promise<void> {
    let quiet = 0;
    for (let turn = 0; turn < TURNS_MAX && quiet < QUIET_TURNS; turn++) {
      const before = this.#version;
      const happened = this.#natureActs();
      await this.#operatorActs();
      watchOverChanges(this);
      this.passTime(TURN_MS);
      quiet = before === this.#version && !happened && isSo() ? quiet + 1 : 0;
    }
    if (quiet >= QUIET_TURNS) return;
    throw new Error(`it never came to be that ${what}; the last that happened:\n${this.story.slice(-60).join("\n")}`);
  }

  passTime(ms: number): void {
    this.clock.advance(ms);
    vi.setSystemTime(this.clock.nowMs);
  }

  #natureActs(): boolean {
    let hasActed = false;
    for (this.#due += this.pace; this.#due >= 1; this.#due--) {
      const happened = this.nature.step();
      if (happened === undefined) this.#due = 1;
      else {
        hasActed = true;
        this.story.push(`   ${happened}`);
        watchOverChanges(this);
      }
    }
    return hasActed;
  }

  async #operatorActs(): Promise<void> {
    try {
      for (const { message } of await this.#operator.turn()) this.story.push(`!! ${message}`);
    } catch (error) {
      if (!(error instanceof Killed)) throw new Error(`after:\n${this.story.slice(-60).join("\n")}`, { cause: error });
      this.story.push(`XX killed: ${error.message}`);
      this.#operator.kill();
      this.#operator = await SimulatedOperator.start(this);
    }
  }

  /** What the clusters are at, as their status has it: the same failpoint in another phase is another moment. */
  #doing(): string {
    return this.objects
      .list("clusters")
      .flatMap((object) => (object as unknown as EtcdCluster).status?.operation ?? [])
      .map(({ type, phase, target }) => `${type}/${phase}/${target}`)
      .join(" ");
  }
}
