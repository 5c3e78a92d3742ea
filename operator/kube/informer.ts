import { FIELD_MANAGER } from "../types/names.ts";
import type { Clock, Timer } from "./clock.ts";
import type { KubeError } from "./kube-error.ts";
import type { KubeClient } from "./kube-client.ts";
import type { KubeObject } from "./kube-object.ts";
import { ObjectCache, type IndexFunction } from "./object-cache.ts";
import { keyOf } from "./object-key.ts";
import { Reflector } from "./reflector.ts";
import type { ResourceKind } from "./resource-kind.ts";

/** What an informer works with. */
export interface InformerOptions<T extends KubeObject> {
  readonly client: KubeClient;
  readonly kind: ResourceKind<T>;
  /** The namespaces to look at; undefined: all. */
  readonly namespaces: readonly string[] | undefined;
  readonly labelSelector?: string;
  readonly indexes?: Readonly<Record<string, IndexFunction<T>>>;
  /** How often every key is handed out again, in case that one was handled wrongly. */
  readonly resyncPeriodMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onProblem: (problem: string, error: KubeError) => void;
}

/** What is told a key, never an object: whoever handles it reads the newest state from the cache. */
export type KeyHandler = (key: string) => void;

/** A cache of the objects of one kind that follows the API server, and hands out the keys of what has changed. */
export class Informer<T extends KubeObject> {
  readonly #options: InformerOptions<T>;
  readonly #cache: ObjectCache<T>;
  readonly #handlers: KeyHandler[] = [];
  readonly #indexHandlers: { readonly valuesOf: IndexFunction<T>; readonly handler: KeyHandler }[] = [];
  readonly #reflectors: readonly Reflector<T>[];
  readonly #unlisted: Set<number>;
  readonly #synced = Promise.withResolvers<void>();
  #resync: Timer | undefined;

  constructor(options: InformerOptions<T>) {
    this.#options = options;
    this.#cache = new ObjectCache(options.indexes ?? {}, (before, after) => this.#tell(before, after));
    const namespaces = options.namespaces ?? [undefined];
    this.#unlisted = new Set(namespaces.keys());
    this.#reflectors = namespaces.map((namespace, at) => this.#reflector(namespace, at));
  }

  /** Whether the cache has been filled; before that an object that is missing may well exist. */
  get hasSynced(): boolean {
    return this.#unlisted.size === 0;
  }

  /** Whenever the cache has been filled. */
  synced(): Promise<void> {
    return this.#synced.promise;
  }

  /** The object with that key, as last seen. */
  get(key: string): T | undefined {
    return this.#cache.get(key);
  }

  /** All objects, as last seen. */
  list(): readonly T[] {
    return this.#cache.list();
  }

  /** The objects with that value in an index, as last seen. */
  byIndex(name: string, value: string): readonly T[] {
    return this.#cache.byIndex(name, value);
  }

  /** Hands out the key of each object that came, changed or went. */
  onChange(handler: KeyHandler): void {
    this.#handlers.push(handler);
  }

  /** Hands out, for each object that came, changed or went, what an index finds it under: its owner for instance. */
  onIndexChange(name: string, handler: KeyHandler): void {
    const valuesOf = this.#options.indexes?.[name];
    if (!valuesOf) throw new Error(`there is no index "${name}" of ${this.#options.kind.plural}`);
    this.#indexHandlers.push({ valuesOf, handler });
  }

  /** Takes an object as the API server has just answered with it, so that what we wrote is read from here at once. */
  remember(object: T): void {
    this.#cache.put(withOwnFieldsOnly(object));
  }

  /** Begins to follow. A bug in a handler ends the process. */
  start(): void {
    for (const reflector of this.#reflectors) void reflector.run();
    const { clock, resyncPeriodMs } = this.#options;
    this.#resync = clock.every(resyncPeriodMs, () => {
      for (const object of this.#cache.list()) this.#tell(undefined, object);
    });
  }

  /** Stops following; the cache stays as it is. */
  stop(): void {
    this.#resync?.cancel();
    for (const reflector of this.#reflectors) reflector.stop();
  }

  #reflector(namespace: string | undefined, at: number): Reflector<T> {
    const { client, kind, labelSelector, clock, random, onProblem } = this.#options;
    return new Reflector<T>({
      client,
      kind,
      selection: {
        ...(namespace !== undefined && { namespace }),
        ...(labelSelector !== undefined && { labelSelector }),
      },
      clock,
      random,
      onProblem,
      sink: {
        listed: ({ items, resourceVersion }, isNewHistory) => {
          this.#cache.replace({ items: items.map(withOwnFieldsOnly), resourceVersion }, namespace, isNewHistory);
          this.#unlisted.delete(at);
          if (this.hasSynced) this.#synced.resolve();
        },
        seen: ({ type, object }) => {
          if (type === "DELETED") this.#cache.remove(object);
          else this.#cache.put(withOwnFieldsOnly(object));
        },
      },
    });
  }

  #tell(before: T | undefined, after: T | undefined): void {
    const object = after ?? before;
    if (!object) return;
    for (const handler of this.#handlers) handler(keyOf(object));
    for (const { valuesOf, handler } of this.#indexHandlers) {
      const values = new Set([...(before ? valuesOf(before) : []), ...(after ? valuesOf(after) : [])]);
      for (const value of values) handler(value);
    }
  }
}

/** Who else has set which fields is often half of an object, and nobody here asks. */
function withOwnFieldsOnly<T extends KubeObject>(object: T): T {
  const { managedFields } = object.metadata;
  if (managedFields === undefined) return object;
  const own = managedFields.filter(({ manager }) => manager === FIELD_MANAGER);
  return { ...object, metadata: { ...object.metadata, managedFields: own } };
}
