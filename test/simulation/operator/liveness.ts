import type { Decision } from "../../../operator/plan/decision.ts";
import type { Observation } from "../../../operator/plan/observation.ts";
import { nextHappening } from "./environment.ts";
import { executeStep } from "./execute-step.ts";
import { endFaults, passTime } from "./faults.ts";
import { type RemovedMembers, observeWorld } from "./observe-world.ts";
import { hasDisk, isAlive, isJoint, majorityOf } from "./raft-model.ts";
import { judgeDecision } from "./safety.ts";
import { Violation } from "./violation.ts";
import { type ModelMember, type World, copyWorld } from "./world.ts";
import { worldKey } from "./world-key.ts";

/** Far more than any way home takes. */
const STEPS_MAX = 500;

/** Whether a cluster gets where it should once nothing goes wrong any more. */
export class Liveness {
  readonly #plan: (observation: Observation) => Decision;
  readonly #removed: RemovedMembers;
  /** Worlds from which the way home is known. */
  readonly #good = new Set<string>();

  constructor(plan: (observation: Observation) => Decision, removed: RemovedMembers) {
    this.#plan = plan;
    this.#removed = removed;
  }

  /** Walks from there until the end; throws if there is none. */
  check(start: World): void {
    const path = new Set<string>();
    const trace: string[] = [];
    let world = endFaults(start);
    let isLate = false;
    for (let steps = 0; steps < STEPS_MAX; steps++) {
      const key = worldKey(world) + (isLate ? " late" : "");
      if (this.#good.has(key)) return this.#remember(path);
      if (path.has(key)) throw lost("goes in circles", trace);
      path.add(key);
      const happening = nextHappening(world);
      if (happening) {
        trace.push(happening.label);
        world = happening.world;
        continue;
      }
      const decision = this.#plan(observeWorld(world, this.#removed));
      judgeDecision(world, decision, true);
      trace.push(`${decision.step.kind}: ${decision.message}`);
      const next = executeStep(world, decision).done;
      if (worldKey(next) !== worldKey(world)) {
        world = next;
        isLate = false;
      } else if (isAtEnd(world, decision)) return this.#remember(path);
      else if (isLate) throw lost("gets stuck", trace);
      else {
        world = copyWorld(next);
        passTime(world);
        isLate = true;
      }
    }
    throw lost("finds no end", trace);
  }

  #remember(path: Iterable<string>): void {
    for (const key of path) this.#good.add(key);
  }
}

function lost(how: string, trace: readonly string[]): Violation {
  return new Violation(`with all faults over the cluster ${how}:\n    ${trace.slice(-40).join("\n    ")}`);
}

/** As wanted, or where only a person can help, and told so. */
function isAtEnd(world: World, { step, reason }: Decision): boolean {
  if (world.wanted === 0 && step.kind === "None") return isAsleep(world);
  if (isHopeless(world) || needsPerson(world)) return step.kind === "Wait" && HOPELESS.includes(reason);
  return step.kind === "None" && isAsWanted(world);
}

const HOPELESS: readonly string[] = [
  "QuorumLost",
  "Resuming",
  "BootstrapInterrupted",
  "Bootstrapping",
  "RolloutBlocked",
  "MembershipBlocked",
];

/** More voters lost their disks than a quorum can do without. */
function isHopeless(world: World): boolean {
  if (world.members.length === 0) return world.latched.seed?.started === true;
  return !majorityOf(world, (member) => hasDisk(world, member));
}

/** The operator may not restart what the quorum waits for, or must not, because the restart would cost a disk. */
function needsPerson(world: World): boolean {
  return isStranded(world) || isDoomed(world);
}

/** Without a quorum, and the pods that would make it came up with a template that does not run. */
function isStranded(world: World): boolean {
  const isStuck = ({ ordinal }: ModelMember): boolean => world.slots[ordinal]?.pod?.isUp === false;
  return !majorityOf(world, (member) => hasDisk(world, member) && !isStuck(member));
}

/** Claims are going, and with them, as soon as their pods stop, the disks that make the quorum. */
function isDoomed(world: World): boolean {
  const { slots, members, wanted, template } = world;
  const isGoing = ({ ordinal }: ModelMember): boolean => slots[ordinal]?.claim?.isTerminating === true;
  if (!members.some(isGoing)) return false;
  const isOutdated = slots.some(({ pod, claim }) => claim?.isTerminating && pod && pod.template !== template);
  const isLasting = majorityOf(world, (member) => hasDisk(world, member) && !isGoing(member));
  return (wanted === 0 || isOutdated) && (!isLasting || members.length <= 2);
}

function isAsleep({ slots, replicas }: World): boolean {
  return (replicas ?? 0) === 0 && slots.every(({ pod }) => pod === undefined);
}

function isAsWanted(world: World): boolean {
  const { slots, members, wanted, template, pending } = world;
  if (isJoint(world) || pending || members.length !== wanted) return false;
  const areMembers = members.every(
    (member, at) => member.ordinal === at && !member.isLearner && isAlive(world, member),
  );
  const arePods = slots.every(({ pod, claim }, at) => (at < wanted ? pod?.template === template : !pod && !claim));
  return areMembers && arePods;
}
