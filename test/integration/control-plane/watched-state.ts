import type { KubeEvent, KubeList, KubeObject } from "./kube-api.ts";

/** Objects by `namespace/name` (or `name`), each with its resourceVersion. */
export type View = ReadonlyMap<string, string>;

/** No run that goes wrong needs more of them to be understood. */
const MAX_VIOLATIONS = 100;

/** What a cache knows that began with a list and heard every event since; an event that does not fit is a violation. */
export class WatchedState {
  readonly #objects = new Map<string, string>();
  readonly #violations: string[] = [];
  #last: { readonly resourceVersion: number; readonly type: KubeEvent["type"] } = { resourceVersion: 0, type: "ERROR" };
  #events = 0;

  get view(): View {
    return this.#objects;
  }

  get violations(): readonly string[] {
    return this.#violations;
  }

  /** How many changes were seen. */
  get events(): number {
    return this.#events;
  }

  /** From where a watch that ended goes on. */
  get resourceVersion(): string {
    return String(this.#last.resourceVersion);
  }

  /** Starts over. A newer list than the last one, or time would have gone back. */
  list({ metadata, items }: KubeList): void {
    const resourceVersion = Number(metadata.resourceVersion);
    if (resourceVersion < this.#last.resourceVersion)
      this.#violation(`after ${this.resourceVersion} came a list of ${metadata.resourceVersion}`);
    this.#last = { resourceVersion, type: "BOOKMARK" };
    this.#objects.clear();
    for (const item of items) this.#objects.set(keyOf(item), item.metadata.resourceVersion);
  }

  /** Takes one event of a watch that began at `resourceVersion`. */
  event({ type, object }: KubeEvent): void {
    if (type === "ERROR") return;
    this.#judgeOrder(type, Number(object.metadata.resourceVersion));
    if (type === "BOOKMARK") return;
    this.#events++;
    const key = keyOf(object);
    const isKnown = this.#objects.has(key);
    if (isKnown === (type === "ADDED"))
      this.#violation(
        `${type} of ${key} at ${object.metadata.resourceVersion}, which ${isKnown ? "was" : "was not"} there`,
      );
    if (type === "DELETED") this.#objects.delete(key);
    else this.#objects.set(key, object.metadata.resourceVersion);
  }

  /** Versions grow. Only a lease that ends deletes several objects at once: those events share one. */
  #judgeOrder(type: KubeEvent["type"], resourceVersion: number): void {
    const last = this.#last;
    const mayBeEqual = type === "BOOKMARK" || (type === "DELETED" && last.type === "DELETED");
    if (resourceVersion < last.resourceVersion || (resourceVersion === last.resourceVersion && !mayBeEqual))
      this.#violation(
        `after ${String(last.resourceVersion)} (${last.type}) came ${type} of ${String(resourceVersion)}`,
      );
    this.#last = { resourceVersion, type };
  }

  #violation(sentence: string): void {
    if (this.#violations.length < MAX_VIOLATIONS) this.#violations.push(sentence);
  }
}

/** The name of an object within its resource. */
export function keyOf({ metadata: { namespace, name } }: KubeObject): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** A list as a view. */
export function viewOf({ items }: KubeList): View {
  return new Map(items.map((item) => [keyOf(item), item.metadata.resourceVersion]));
}

/** Where two views differ, in words; `names` say whose they are. */
export function differences(one: View, other: View, names: readonly [one: string, other: string]): readonly string[] {
  const keys = [...new Set([...one.keys(), ...other.keys()])].toSorted();
  const told = (view: View, key: string): string => view.get(key) ?? "nothing";
  return keys
    .filter((key) => one.get(key) !== other.get(key))
    .map((key) => `${key}: ${names[0]} has ${told(one, key)}, ${names[1]} ${told(other, key)}`);
}
