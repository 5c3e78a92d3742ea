import type { Index } from "../../../server/base/ids.ts";
import type { LogFields } from "../../../server/ports/logger.ts";
import { Violation } from "./history.ts";

interface Applied {
  readonly voters: string;
  readonly outgoing: string;
  readonly isRefused: boolean;
  readonly by: string;
}

/** All members see the same configurations, and never does a joint one follow another joint one. */
export class ConfigurationChecker {
  readonly #applied = new Map<Index, Applied>();

  get count(): number {
    return this.#applied.size;
  }

  get jointCount(): number {
    return [...this.#applied.values()].filter(({ outgoing }) => outgoing !== "").length;
  }

  /** What a member logs when it has applied a change. */
  observe(by: string, fields: LogFields): void {
    const index = fields["index"] as Index;
    const applied: Applied = {
      by,
      voters: (fields["voters"] as readonly string[]).toSorted().join(","),
      outgoing: (fields["voters-outgoing"] as readonly string[]).toSorted().join(","),
      isRefused: fields["refused"] !== undefined,
    };
    const known = this.#applied.get(index);
    if (!known) {
      this.#applied.set(index, applied);
    } else if (known.voters !== applied.voters || known.outgoing !== applied.outgoing) {
      throw new Violation(`index ${String(index)}: ${text(applied)}, but ${text(known)}`);
    }
  }

  check(): void {
    const inOrder = [...this.#applied].toSorted(([a], [b]) => a - b).filter(([, { isRefused }]) => !isRefused);
    inOrder.forEach(([index, applied], position) => {
      const before = inOrder[position - 1]?.[1];
      if (!before || before.outgoing === "" || applied.outgoing === "") return;
      if (before.voters === applied.voters && before.outgoing === applied.outgoing) return;
      throw new Violation(`index ${String(index)}: ${text(applied)} entered while ${text(before)} was not left`);
    });
  }
}

function text({ by, voters, outgoing }: Applied): string {
  return `${by} has voters ${voters}${outgoing === "" ? "" : ` and outgoing ${outgoing}`}`;
}
