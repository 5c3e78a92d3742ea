import type { Revision } from "../base/ids.ts";

/** Sub revisions below this share a number with their main revision, as long as that leaves it safe. */
const SUBS = 1024;
const MAX_MAIN = Number.MAX_SAFE_INTEGER / SUBS - 1;

/** A map by (main, sub). Numbers are found fastest, so nearly every pair becomes one. */
export class RevisionMap<V> {
  readonly #byNumber = new Map<number, V>();
  readonly #byText = new Map<string, V>();

  get size(): number {
    return this.#byNumber.size + this.#byText.size;
  }

  get(main: Revision, sub: number): V | undefined {
    return isNumber(main, sub) ? this.#byNumber.get(main * SUBS + sub) : this.#byText.get(`${main}/${sub}`);
  }

  has(main: Revision, sub: number): boolean {
    return isNumber(main, sub) ? this.#byNumber.has(main * SUBS + sub) : this.#byText.has(`${main}/${sub}`);
  }

  set(main: Revision, sub: number, value: V): void {
    if (isNumber(main, sub)) this.#byNumber.set(main * SUBS + sub, value);
    else this.#byText.set(`${main}/${sub}`, value);
  }
}

function isNumber(main: Revision, sub: number): boolean {
  return sub < SUBS && main < MAX_MAIN;
}
