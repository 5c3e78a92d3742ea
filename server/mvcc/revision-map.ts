import type { Revision } from "../base/ids.ts";

/** A map by (main, sub). Nearly every record has sub 0, so those are found by a plain number. */
export class RevisionMap<V> {
  readonly #first = new Map<Revision, V>();
  readonly #others = new Map<string, V>();

  get size(): number {
    return this.#first.size + this.#others.size;
  }

  get(main: Revision, sub: number): V | undefined {
    return sub === 0 ? this.#first.get(main) : this.#others.get(`${main}/${sub}`);
  }

  has(main: Revision, sub: number): boolean {
    return sub === 0 ? this.#first.has(main) : this.#others.has(`${main}/${sub}`);
  }

  set(main: Revision, sub: number, value: V): void {
    if (sub === 0) this.#first.set(main, value);
    else this.#others.set(`${main}/${sub}`, value);
  }
}
