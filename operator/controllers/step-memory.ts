import type { Decision } from "../plan/decision.ts";
import type { Step } from "../plan/step.ts";

interface Remembered {
  readonly step: string;
  /** Why it was not possible yet. */
  readonly why?: string;
}

/**
 * What became of each cluster's last step. A step that the members do not take yet is asked for again and again: it is
 * told once, and its condition says what they answered. Nothing is decided by this memory, it only chooses words.
 */
export class StepMemory {
  readonly #last = new Map<string, Remembered>();

  /** The decision with the reason for which the same step was not possible before. */
  explained(clusterUid: string, decision: Decision): Decision {
    const { step, why } = this.#last.get(clusterUid) ?? {};
    if (why === undefined || step !== JSON.stringify(decision.step)) return decision;
    return { ...decision, message: `${decision.message}: ${why}` };
  }

  /** Notes that a step is begun; whether that is news. */
  begins(clusterUid: string, step: Step): boolean {
    const text = JSON.stringify(step);
    if (this.#last.get(clusterUid)?.step === text) return false;
    this.#last.set(clusterUid, { step: text });
    return true;
  }

  /** Notes why a step is not possible yet; whether that is news. */
  waits(clusterUid: string, step: Step, why: string): boolean {
    const isNews = this.#last.get(clusterUid)?.why !== why;
    this.#last.set(clusterUid, { step: JSON.stringify(step), why });
    return isNews;
  }

  forget(clusterUid: string): void {
    this.#last.delete(clusterUid);
  }
}
