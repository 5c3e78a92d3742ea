import type { Decision } from "../../../operator/plan/decision.ts";
import type { Observation } from "../../../operator/plan/observation.ts";
import { nextHappening } from "./environment.ts";
import { executeStep, isConflict } from "./execute-step.ts";
import { type FaultOptions, faultsOf, recoveriesOf } from "./faults.ts";
import { Liveness } from "./liveness.ts";
import { type RemovedMembers, observeWorld } from "./observe-world.ts";
import { judgeDecision, judgeWorld } from "./safety.ts";
import { Violation } from "./violation.ts";
import type { World } from "./world.ts";
import { worldKey } from "./world-key.ts";

export interface Exploration extends FaultOptions {
  readonly starts: readonly World[];
  /** How many things may go wrong in one course of events. */
  readonly faults: number;
  readonly plan: (observation: Observation) => Decision;
  readonly removed: RemovedMembers;
}

export interface Figures {
  readonly states: number;
  readonly transitions: number;
  /** Events on the longest way that was taken to a state. */
  readonly depth: number;
  /** States that take no fault to reach, that take one, … */
  readonly perFaults: readonly number[];
}

/**
 * Visits every world that can come about, by the number of faults that it takes. At each, nature or the operator may go
 * next, the operator may crash between any two effects; a fault is what goes wrong, a change of mind, an answer that
 * never comes, or that the operator acts on what Kubernetes was one event ago. Throws a Violation with the way there.
 */
export function explore(options: Exploration): Figures {
  return new Explorer(options).run();
}

interface Edge {
  readonly label: string;
  readonly world: World;
}

interface Place {
  readonly world: World;
  /** Where the way there is written down. */
  readonly node: number;
}

class Explorer {
  readonly #options: Exploration;
  readonly #liveness: Liveness;
  readonly #visited = new Set<string>();
  /** For each place: the one before, what led from there, how far it is. */
  readonly #parents: number[] = [];
  readonly #labels: string[] = [];
  readonly #depths: number[] = [];
  readonly #words = new Map<string, string>();
  #transitions = 0;

  constructor(options: Exploration) {
    this.#options = options;
    this.#liveness = new Liveness(options.plan, options.removed);
  }

  run(): Figures {
    const { starts, faults: faultsMax } = this.#options;
    const first = starts.flatMap((world) => this.#arrive({ label: "start", world }, -1));
    let layer = this.#walk(first);
    const perFaults = [layer.length];
    for (let faults = 1; faults <= faultsMax; faults++) {
      const isLast = faults === faultsMax;
      const before = this.#visited.size;
      const next: Place[] = [];
      for (const { world, node } of layer) {
        this.#eachFault(world, node, (edge) => {
          const reached = this.#walk(this.#arrive(edge, node));
          // The last layer is the largest and nothing starts from it: its worlds are not kept.
          if (!isLast) for (const place of reached) next.push(place);
        });
      }
      layer = next;
      perFaults.push(this.#visited.size - before);
    }
    const depth = this.#depths.reduce((deepest, each) => Math.max(deepest, each), 0);
    return { states: this.#visited.size, transitions: this.#transitions, depth, perFaults };
  }

  /** All that can be reached from there without a fault, and was not before. */
  #walk(places: Place[]): Place[] {
    // The list grows while it is walked.
    for (const { world, node } of places) {
      this.#guarded(node, "all faults end", () => {
        this.#liveness.check(world);
      });
      this.#eachStep(world, node, (edge) => {
        for (const place of this.#arrive(edge, node)) places.push(place);
      });
    }
    return places;
  }

  /** The place, if nobody has been there. */
  #arrive({ label, world }: Edge, from: number): Place[] {
    this.#transitions++;
    const key = worldKey(world);
    if (this.#visited.has(key)) return [];
    this.#visited.add(key);
    const node = this.#node(from, label);
    this.#guarded(node, "", () => {
      judgeWorld(world);
    });
    return [{ world, node }];
  }

  /** What may happen without anything going wrong. */
  #eachStep(world: World, node: number, take: (edge: Edge) => void): void {
    const happening = nextHappening(world);
    if (happening) take(happening);
    for (const recovery of recoveriesOf(world)) take(recovery);
    this.#operate(world, world, node, "", ({ done, crashes }, label) => {
      if (done !== world) take({ label, world: done });
      for (const crash of crashes) take({ label: `${label}, crashing`, world: crash });
    });
  }

  #eachFault(world: World, node: number, take: (edge: Edge) => void): void {
    for (const fault of faultsOf(world, this.#options)) take(fault);
    this.#operate(world, world, node, "", ({ late }, label) => {
      if (late) take({ label: `${label}, unheard`, world: late });
    });
    this.#eachStep(world, node, (edge) => {
      this.#operate(edge.world, world, node, `${edge.label}, unseen; `, ({ done, crashes }, label) => {
        for (const next of done === edge.world ? crashes : [done, ...crashes]) take({ label, world: next });
      });
    });
  }

  /** What the operator does, having seen Kubernetes as it was in `cached`. */
  #operate(
    world: World,
    cached: World,
    node: number,
    before: string,
    take: (execution: ReturnType<typeof executeStep>, label: string) => void,
  ): void {
    const isFresh = cached === world;
    const decision = this.#options.plan(observeWorld(world, this.#options.removed, cached));
    const label = before + nameOf(decision);
    const execution = this.#guarded(node, label, () => {
      judgeDecision(world, decision, isFresh);
      return executeStep(world, decision, !isFresh && isConflict(cached, world));
    });
    take(execution, label);
  }

  #node(parent: number, label: string): number {
    const word = this.#words.get(label) ?? label;
    if (word === label) this.#words.set(label, word);
    this.#parents.push(parent);
    this.#labels.push(word);
    this.#depths.push((this.#depths[parent] ?? -1) + 1);
    return this.#parents.length - 1;
  }

  #guarded<T>(node: number, last: string, act: () => T): T {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof Violation) || error.cause !== undefined) throw error;
      const way: string[] = [];
      for (let at = node; at >= 0; at = this.#parents[at] ?? -1) way.push(this.#labels[at] ?? "");
      const text = [...way.toReversed(), last].map((label) => `  ${label}`).join("\n");
      throw new Violation(`${error.message}\nThe way there:\n${text}`, { cause: error });
    }
  }
}

function nameOf({ step, reason, operation }: Decision): string {
  const target = "ordinal" in step ? String(step.ordinal) : "name" in step ? step.name : (operation?.target ?? "");
  return `${step.kind} ${target} (${reason})`;
}
