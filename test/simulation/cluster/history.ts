import type { Revision } from "../../../server/base/ids.ts";
import { Event_EventType as EventType, type Event } from "../../../server/proto/gen/kv_pb.js";

/** One change of one key. */
export interface Change {
  readonly key: string;
  /** Undefined: deleted. */
  readonly value: string | undefined;
}

/** A key as it was at some revision. */
export interface KeyState {
  readonly value: string;
  readonly modRevision: Revision;
}

/** Something that one of the checkers found; it ends the run. */
export class Violation extends Error {
  override readonly name = "Violation";
}

const decoder = new TextDecoder();

/** Events as plain changes. */
export function changesOf(events: readonly Event[]): readonly Change[] {
  return events.map((event) => ({
    key: decoder.decode(event.kv?.key),
    value: event.type === EventType.DELETE ? undefined : decoder.decode(event.kv?.value),
  }));
}

/** `12: a=1 b deleted` */
export function changesText(revision: Revision, changes: readonly Change[] | undefined): string {
  const texts = changes?.map(({ key, value }) =>
    value === undefined ? `${key} deleted` : `${key}=${value.slice(0, 12)}`,
  );
  return `${String(revision)}: ${texts?.join(" ") ?? "nothing"}`;
}

/**
 * What the cluster says has happened, revision by revision, as watchers of all keys on all members have seen it. Two
 * members, or one before and after a crash, that disagree about a revision have lost or invented a write.
 */
export class History {
  readonly #revisions = new Map<Revision, readonly Change[]>();
  readonly #seenAtMs = new Map<Revision, number>();
  #last: Revision = 1;
  #clock = 0;

  get last(): Revision {
    return this.#last;
  }

  /** A number for each moment at which something was called or answered. */
  moment(): number {
    return ++this.#clock;
  }

  /** Undefined if nobody has seen it: it was compacted too early. */
  changes(revision: Revision): readonly Change[] | undefined {
    return this.#revisions.get(revision);
  }

  seenAtMs(revision: Revision): number {
    return this.#seenAtMs.get(revision) ?? 0;
  }

  observe(revision: Revision, changes: readonly Change[], by: string, nowMs: number): void {
    const known = this.#revisions.get(revision);
    if (!known) {
      this.#revisions.set(revision, changes);
      this.#seenAtMs.set(revision, nowMs);
      this.#last = Math.max(this.#last, revision);
      return;
    }
    if (changesText(revision, known) === changesText(revision, changes)) return;
    throw new Violation(`${by} says ${changesText(revision, changes)}; before it was ${changesText(revision, known)}`);
  }

  /** Visits the state after every revision in order. `isExact` is false after a revision that nobody has seen. */
  replay(visit: (revision: Revision, state: ReadonlyMap<string, KeyState>, isExact: boolean) => void): void {
    const state = new Map<string, KeyState>();
    let isExact = true;
    for (let revision = 1; revision <= this.#last; revision++) {
      const changes = this.#revisions.get(revision);
      if (!changes && revision > 1) isExact = false;
      for (const { key, value } of changes ?? []) {
        if (value === undefined) state.delete(key);
        else state.set(key, { value, modRevision: revision });
      }
      visit(revision, state, isExact);
    }
  }
}
