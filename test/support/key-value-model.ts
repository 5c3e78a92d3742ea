/** One change in the history of a naive store. */
interface Change {
  readonly revision: number;
  readonly key: string;
  /** Undefined: deleted. */
  readonly value: string | undefined;
}

/** A key as a read of the model shows it. */
export interface ModelKey {
  readonly key: string;
  readonly value: string;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
}

/** A store that keeps its whole history as a list and reads by replaying it: obviously right, and slow. */
export class KeyValueModel {
  readonly #history: Change[] = [];
  revision = 1;
  compactRevision = -1;

  /** All changes of one transaction. */
  write(changes: readonly { readonly key: string; readonly value: string | undefined }[]): void {
    if (changes.length === 0) return;
    this.revision++;
    for (const change of changes) this.#history.push({ revision: this.revision, ...change });
  }

  /** Everything alive at a revision, by key. */
  at(revision: number): readonly ModelKey[] {
    const alive = new Map<string, ModelKey>();
    for (const change of this.#history) {
      if (change.revision > revision) break;
      const { key, value } = change;
      if (value === undefined) {
        alive.delete(key);
        continue;
      }
      const known = alive.get(key);
      alive.set(key, {
        key,
        value,
        createRevision: known?.createRevision ?? change.revision,
        modRevision: change.revision,
        version: (known?.version ?? 0) + 1,
      });
    }
    return [...alive.values()].toSorted((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** What a watcher of everything sees, one text an event. */
  events(fromRevision: number): readonly string[] {
    return this.#history
      .filter(({ revision }) => revision >= fromRevision)
      .map(({ revision, key, value }) => `${revision} ${value === undefined ? "DELETE" : "PUT"} ${key}`);
  }
}
