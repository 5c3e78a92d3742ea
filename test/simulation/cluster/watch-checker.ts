import type { Revision } from "../../../server/base/ids.ts";
import { changesText, Violation, type Change, type History } from "./history.ts";

/** What one watcher was given, without an interruption that it was told of. */
export class WatchRecord {
  readonly by: string;
  readonly from: Revision;
  readonly wants: (key: string) => boolean;
  readonly seesAll: boolean;
  readonly given: { readonly revision: Revision; readonly changes: readonly Change[] }[] = [];
  /** It has seen everything up to here, even if that is nothing. */
  seenTo: Revision;

  constructor(by: string, from: Revision, wants?: (key: string) => boolean) {
    this.by = by;
    this.from = from;
    this.wants = wants ?? (() => true);
    this.seesAll = wants === undefined;
    this.seenTo = from - 1;
  }

  give(revision: Revision, changes: readonly Change[]): void {
    if (revision <= this.seenTo) {
      throw new Violation(`${this.by}: was given ${String(revision)} after ${String(this.seenTo)}`);
    }
    this.given.push({ revision, changes });
    this.seenTo = revision;
  }
}

/** Every watcher is given each event that it wants exactly once, in order, without a gap. */
export class WatchChecker {
  readonly #records: WatchRecord[] = [];

  get count(): number {
    return this.#records.reduce((sum, record) => sum + record.given.length, 0);
  }

  open(record: WatchRecord): WatchRecord {
    this.#records.push(record);
    return record;
  }

  check(history: History): void {
    for (const { by, from, seenTo, wants, seesAll, given } of this.#records) {
      let position = 0;
      for (let revision = from; revision <= seenTo; revision++) {
        const happened = history.changes(revision);
        const next = given[position]?.revision === revision ? given[position++] : undefined;
        if (!happened) {
          // Every revision has an event, so who wants all of them was given less than there was.
          if (seesAll && revision > 1) throw new Violation(`${by}: was given nothing of revision ${String(revision)}`);
          continue;
        }
        const wanted = happened.filter(({ key }) => wants(key));
        const expected = wanted.length === 0 ? undefined : wanted;
        if (changesText(revision, expected) !== changesText(revision, next?.changes)) {
          const gave = changesText(revision, next?.changes);
          throw new Violation(
            `${by}: watching from ${String(from)}, was given ${gave}; there was ${changesText(revision, expected)}`,
          );
        }
      }
    }
  }
}
