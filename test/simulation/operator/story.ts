import type { Decision } from "../../../operator/plan/decision.ts";
import { plan } from "../../../operator/plan/plan.ts";
import { nextHappening } from "./environment.ts";
import { executeStep } from "./execute-step.ts";
import { type RemovedMembers, observeWorld } from "./observe-world.ts";
import { judgeDecision, judgeWorld } from "./safety.ts";
import { type World, copyWorld } from "./world.ts";
import { worldKey } from "./world-key.ts";

/** More steps than any story has. */
const STEPS_MAX = 300;

/** One course of events, told step by step: nature goes as far as it can, then the operator does one step. */
export class Story {
  world: World;
  readonly #removed: RemovedMembers;
  #last: Decision | undefined;

  constructor(world: World, removed: RemovedMembers = "Tell") {
    this.world = world;
    this.#removed = removed;
  }

  /** Something happens. */
  change(act: (world: World) => void): this {
    const next = copyWorld(this.world);
    act(next);
    this.world = next;
    return this;
  }

  /** Nature goes as far as it can, while the operator sleeps. */
  settle(): this {
    for (let next = nextHappening(this.world); next; next = nextHappening(this.world)) this.world = next.world;
    return this;
  }

  /** The steps that the operator takes until nothing moves any more; the last is what it says then. */
  untilSettled(): readonly string[] {
    return this.#walk(() => false);
  }

  /** The same, until that step has been done. */
  through(step: string): readonly string[] {
    return this.#walk((told) => told === step);
  }

  /** The same, until the operator ends after it has written down that step and before it does it. */
  crashingBefore(step: string): readonly string[] {
    return this.#walk((told) => told === step, true);
  }

  /** What the operator said last. */
  get said(): string {
    return this.#last?.message ?? "";
  }

  #walk(isEnd: (told: string) => boolean, isCrash = false): readonly string[] {
    const steps: string[] = [];
    while (steps.length < STEPS_MAX) {
      this.settle();
      const decision = plan(observeWorld(this.world, this.#removed));
      this.#last = decision;
      judgeDecision(this.world, decision, true);
      const told = tell(decision);
      // To say once more that nothing is to be done is no step.
      if (steps.at(-1) !== told || !["None", "Wait"].includes(decision.step.kind)) steps.push(told);
      const { done, crashes } = executeStep(this.world, decision);
      const next = isCrash && isEnd(told) ? (crashes[0] ?? this.world) : done;
      const isStill = worldKey(next) === worldKey(this.world);
      this.world = next;
      judgeWorld(this.world);
      if (isEnd(told) || (isStill && ["None", "Wait"].includes(decision.step.kind))) return steps;
    }
    throw new Error(`no end after ${steps.slice(-20).join(", ")}`);
  }
}

/** A decision in a few words: "AddLearner 2", "Wait QuorumLost". */
export function tell({ step, reason }: Decision): string {
  switch (step.kind) {
    case "None":
    case "Wait":
      return `${step.kind} ${reason}`;
    case "ScaleStatefulSet":
      return `${step.kind} ${step.replicas}`;
    case "MoveLeader":
      return `${step.kind} ${step.from.ordinal} to ${step.to.ordinal}`;
    case "GrantSeed":
    case "GrantJoin":
      return `${step.kind} ${step.pod}`;
    case "DeletePod":
      return `${step.kind} ${step.name}`;
    case "AddLearner":
    case "Promote":
    case "RemoveMember":
    case "StartReplace":
    case "FinishReplace":
    case "DeleteClaim":
      return `${step.kind} ${step.ordinal}`;
    case "LatchSeedStarted":
    case "LatchCluster":
    case "FinalBackup":
    case "RemoveFinalizer":
      return step.kind;
  }
}
