import type { ObjectList } from "./kube-client.ts";
import type { KubeObject } from "./kube-object.ts";
import { keyOf } from "./object-key.ts";
import { isOlder } from "./resource-version.ts";

/** Under which values of an index an object is found. */
export type IndexFunction<T> = (object: T) => readonly string[];

/** What hears of every change: the object before and after it, one of which is missing when it came or went. */
export type ChangeListener<T> = (before: T | undefined, after: T | undefined) => void;

/**
 * The objects of one kind as last seen, found by key or by index. It never goes back: what is older than what it holds is
 * not taken, so an object that we have just written and put here ourselves is not replaced by the past when the watch
 * catches up.
 */
export class ObjectCache<T extends KubeObject> {
  readonly #objects = new Map<string, T>();
  readonly #indexes: ReadonlyMap<
    string,
    { readonly valuesOf: IndexFunction<T>; readonly keys: Map<string, Set<string>> }
  >;
  readonly #changed: ChangeListener<T>;

  constructor(indexes: Readonly<Record<string, IndexFunction<T>>>, changed: ChangeListener<T>) {
    const entries = Object.entries(indexes);
    this.#indexes = new Map(entries.map(([name, valuesOf]) => [name, { valuesOf, keys: new Map() }]));
    this.#changed = changed;
  }

  get size(): number {
    return this.#objects.size;
  }

  /** The object with that key. */
  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  /** All objects. */
  list(): readonly T[] {
    return [...this.#objects.values()];
  }

  /** The objects that have that value in an index. */
  byIndex(name: string, value: string): readonly T[] {
    const index = this.#indexes.get(name);
    if (!index) throw new Error(`there is no index "${name}": there are ${[...this.#indexes.keys()].join(", ")}`);
    return [...(index.keys.get(value) ?? [])].flatMap((key) => this.#objects.get(key) ?? []);
  }

  /** Takes an object that was seen, unless a later state of it is known. */
  put(object: T): void {
    const before = this.#objects.get(keyOf(object));
    const { resourceVersion } = object.metadata;
    if (before && isOlder(resourceVersion, before.metadata.resourceVersion)) return;
    if (before !== undefined && resourceVersion !== undefined && resourceVersion === before.metadata.resourceVersion)
      return;
    this.#set(keyOf(object), before, object);
  }

  /** Lets go of an object that was seen to be deleted, unless a later one of that name is known. */
  remove(object: T): void {
    const before = this.#objects.get(keyOf(object));
    if (!before || isOlder(object.metadata.resourceVersion, before.metadata.resourceVersion)) return;
    this.#set(keyOf(object), before, undefined);
  }

  /**
   * Takes a whole list, of one namespace or of all: what is not in it is gone, unless it is later than the list. With
   * `isNewHistory` nothing is later: the server was set back to an earlier state, and that is how it is now.
   */
  replace(list: ObjectList<T>, namespace: string | undefined, isNewHistory: boolean): void {
    const isLater = ({ metadata }: T): boolean =>
      !isNewHistory && isOlder(list.resourceVersion, metadata.resourceVersion);
    const listed = new Map(list.items.map((object) => [keyOf(object), object]));
    for (const [key, known] of this.#objects) {
      const isAsked = namespace === undefined || known.metadata.namespace === namespace;
      if (isAsked && !listed.has(key) && !isLater(known)) this.#set(key, known, undefined);
    }
    for (const [key, object] of listed) {
      const known = this.#objects.get(key);
      const isSame = known?.metadata.resourceVersion === object.metadata.resourceVersion;
      if (!known || (!isSame && !isLater(known))) this.#set(key, known, object);
    }
  }

  #set(key: string, before: T | undefined, after: T | undefined): void {
    for (const { valuesOf, keys } of this.#indexes.values()) {
      for (const value of before ? valuesOf(before) : []) dropKey(keys, value, key);
      for (const value of after ? valuesOf(after) : []) addKey(keys, value, key);
    }
    if (after) this.#objects.set(key, after);
    else this.#objects.delete(key);
    this.#changed(before, after);
  }
}

function addKey(keys: Map<string, Set<string>>, value: string, key: string): void {
  const there = keys.get(value);
  if (there) there.add(key);
  else keys.set(value, new Set([key]));
}

function dropKey(keys: Map<string, Set<string>>, value: string, key: string): void {
  const there = keys.get(value);
  there?.delete(key);
  if (there?.size === 0) keys.delete(value);
}
