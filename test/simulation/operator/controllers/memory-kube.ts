import { KubeError } from "../../../../operator/kube/kube-error.ts";
import type {
  DeleteOptions,
  KubeClient,
  ObjectList,
  Selection,
  WatchEvent,
} from "../../../../operator/kube/kube-client.ts";
import type { KubeObject, WantedObject } from "../../../../operator/kube/kube-object.ts";
import type { ObjectKey } from "../../../../operator/kube/object-key.ts";
import type { ResourceKind } from "../../../../operator/kube/resource-kind.ts";
import { faultOf } from "../../../../operator/kube/status-fault.ts";
import { FIELD_MANAGER } from "../../../../operator/types/names.ts";
import type { JsonObject, StoredObject } from "../../../support/fake-kube/json-object.ts";
import { ObjectStore, Refusal, type Change, type Target } from "../../../support/fake-kube/object-store.ts";
import { fitsSelector } from "../../../support/fake-kube/request-target.ts";

/** A write that is about to happen. */
export interface KubeWrite {
  readonly verb: "create" | "update" | "patch" | "apply" | "delete";
  readonly kind: string;
  readonly name: string;
}

/** An open connection: a process that is killed hears nothing any more, and nothing that it sends arrives. */
export interface Connection {
  readonly client: KubeClient;
  readonly cut: () => void;
}

/**
 * An API server without a wire: the operator's client straight on the objects. What the wire does is tested elsewhere; here
 * thousands of lives of an operator have to fit into seconds.
 */
export class MemoryKube {
  readonly store = new ObjectStore();
  /** Asked before each write: what it gives is thrown instead. */
  refuse: (write: KubeWrite) => KubeError | undefined = () => undefined;
  readonly #watches = new Set<Watch>();

  constructor() {
    this.store.onChange((change) => {
      for (const watch of this.#watches) watch.tell(change);
    });
  }

  /** Whether every watch has handed out all that has happened. */
  get isHeard(): boolean {
    return [...this.#watches].every(({ isEmpty }) => isEmpty);
  }

  connect(): Connection {
    const line = { isCut: false };
    const client = new MemoryClient(this, line, this.#watches);
    return {
      client: client as unknown as KubeClient,
      cut: () => {
        line.isCut = true;
      },
    };
  }
}

/** What the operator's client can do, as far as controllers ask for it. */
class MemoryClient {
  readonly #kube: MemoryKube;
  readonly #line: { isCut: boolean };
  readonly #watches: Set<Watch>;

  constructor(kube: MemoryKube, line: { isCut: boolean }, watches: Set<Watch>) {
    this.#kube = kube;
    this.#line = line;
    this.#watches = watches;
  }

  async get(kind: ResourceKind, key: ObjectKey): Promise<StoredObject> {
    return this.#ask(() => this.#kube.store.get(targetOf(kind, key)));
  }

  async find(kind: ResourceKind, key: ObjectKey): Promise<StoredObject | undefined> {
    return this.#ask(() => this.#kube.store.find(targetOf(kind, key)));
  }

  async list<T extends KubeObject>(kind: ResourceKind<T>, selection: Selection = {}): Promise<ObjectList<T>> {
    return this.#ask(() => {
      const { store } = this.#kube;
      const items = store.list({ resource: resourceOf(kind), namespace: selection.namespace });
      const selected = items.filter(({ metadata }) =>
        fitsSelector(metadata.labels ?? {}, selection.labelSelector ?? null),
      );
      return { items: selected as unknown as readonly T[], resourceVersion: String(store.version) };
    });
  }

  async *watch<T extends KubeObject>(
    kind: ResourceKind<T>,
    { resourceVersion, labelSelector }: Selection & { readonly resourceVersion: string },
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<T>, void, undefined> {
    const watch = new Watch(resourceOf(kind), labelSelector ?? null);
    for (const change of this.#kube.store.since(Number(resourceVersion))) watch.tell(change);
    this.#watches.add(watch);
    signal.addEventListener("abort", () => watch.end());
    try {
      for (let event = await watch.next(); event && !this.#line.isCut; event = await watch.next())
        yield event as unknown as WatchEvent<T>;
    } finally {
      this.#watches.delete(watch);
    }
  }

  async create(kind: ResourceKind, object: WantedObject): Promise<StoredObject> {
    const { namespace = "", name = "" } = object.metadata ?? {};
    return this.#write("create", kind, name, (store) => {
      const body = { apiVersion: kind.apiVersion, kind: kind.kind, ...object } as JsonObject;
      return store.create(targetOf(kind, { namespace, name }), body, OPERATOR);
    });
  }

  async mergePatch(
    kind: ResourceKind,
    place: ObjectKey & { readonly subresource?: string },
    patch: unknown,
  ): Promise<StoredObject> {
    const writer = { ...OPERATOR, isStatus: place.subresource === "status" };
    return this.#write("patch", kind, place.name, (store) =>
      store.mergePatch(targetOf(kind, place), structuredClone(patch) as JsonObject, writer),
    );
  }

  async apply(kind: ResourceKind, object: WantedObject): Promise<StoredObject> {
    const { namespace = "", name = "" } = object.metadata ?? {};
    return this.#write("apply", kind, name, (store) => {
      const body = { apiVersion: kind.apiVersion, kind: kind.kind, ...object } as JsonObject;
      return store.apply(targetOf(kind, { namespace, name }), body, OPERATOR).object;
    });
  }

  async delete(kind: ResourceKind, key: ObjectKey, { preconditions }: DeleteOptions = {}): Promise<void> {
    const wanted = (preconditions ?? {}) as unknown as JsonObject;
    await this.#write("delete", kind, key.name, (store) => store.delete(targetOf(kind, key), wanted));
  }

  async #write<T>(
    verb: KubeWrite["verb"],
    { kind }: ResourceKind,
    name: string,
    act: (store: ObjectStore) => T,
  ): Promise<T> {
    return this.#ask(() => {
      const refusal = this.#kube.refuse({ verb, kind, name });
      if (refusal) throw refusal;
      return act(this.#kube.store);
    });
  }

  async #ask<T>(act: () => T): Promise<T> {
    // Nothing that a killed process sends arrives, and it waits for an answer for ever.
    if (this.#line.isCut) return new Promise<never>(() => {});
    try {
      return act();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { code, reason, message } = error;
      throw new KubeError(faultOf(code, { reason, message }, undefined), message, { status: code });
    }
  }
}

const OPERATOR = { manager: FIELD_MANAGER, isStatus: false } as const;

/** One watch: what it has still to hand out. */
class Watch {
  readonly #resource: string;
  readonly #selector: string | null;
  readonly #events: { readonly type: string; readonly object: StoredObject }[] = [];
  #wake: (() => void) | undefined;
  #isEnded = false;

  constructor(resource: string, selector: string | null) {
    this.#resource = resource;
    this.#selector = selector;
  }

  get isEmpty(): boolean {
    return this.#events.length === 0;
  }

  tell({ resource, type, object }: Change): void {
    if (resource !== this.#resource) return;
    const isSelected = fitsSelector(object.metadata.labels ?? {}, this.#selector);
    if (isSelected) this.#events.push({ type, object });
    else if (type === "MODIFIED") this.#events.push({ type: "DELETED", object });
    this.#wake?.();
  }

  end(): void {
    this.#isEnded = true;
    this.#wake?.();
  }

  async next(): Promise<{ readonly type: string; readonly object: StoredObject } | undefined> {
    while (this.#events.length === 0 && !this.#isEnded) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#isEnded ? undefined : this.#events.shift();
  }
}

function resourceOf({ apiVersion, plural }: ResourceKind): string {
  return `${apiVersion}/${plural}`;
}

function targetOf(kind: ResourceKind, { namespace, name, subresource }: ObjectKey & { subresource?: string }): Target {
  return { resource: resourceOf(kind), apiVersion: kind.apiVersion, namespace, name, subresource };
}
