import { FIELD_MANAGER } from "../types/names.ts";
import type { ApiCall, CallLimits } from "./api-call.ts";
import { Caller, type CallerOptions } from "./caller.ts";
import { jsonLines } from "./json-lines.ts";
import { KubeError, isFault } from "./kube-error.ts";
import type { KubeObject, WantedObject } from "./kube-object.ts";
import type { ObjectKey } from "./object-key.ts";
import type { ResourceKind, ResourcePlace } from "./resource-kind.ts";
import { faultOf, faultText, type StatusBody } from "./status-fault.ts";

/** Objects a page of a list. */
const PAGE_OBJECTS = 500;

/** Which objects are listed or watched. */
export interface Selection {
  /** Without one, those of all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
}

/** Objects as they were at one moment. */
export interface ObjectList<T> {
  readonly items: readonly T[];
  /** What a watch goes on from. */
  readonly resourceVersion: string;
}

/** Where a watch begins, and how long it may last. */
export interface WatchStart extends Selection {
  readonly resourceVersion: string;
  /** The server ends the watch after this time. */
  readonly timeoutSeconds: number;
  /** Given up when nothing at all has come for this time. */
  readonly silenceMs: number;
}

/** What a watch says; a bookmark has nothing but a resource version. */
export type WatchEvent<T> =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: T }
  | { readonly type: "BOOKMARK"; readonly resourceVersion: string };

/** What has to be so still for a deletion to happen. */
export interface DeletePreconditions {
  readonly uid: string;
  readonly resourceVersion?: string;
}

/** How an object is deleted. */
export interface DeleteOptions extends CallLimits {
  readonly preconditions?: DeletePreconditions;
  readonly propagation?: "Background" | "Foreground" | "Orphan";
}

/** The API server's verbs, for objects of any kind. Every failure is a `KubeError`. */
export class KubeClient {
  readonly #caller: Caller;

  constructor(options: CallerOptions) {
    this.#caller = new Caller(options);
  }

  /** The object as it is now. */
  async get<T extends KubeObject>(kind: ResourceKind<T>, key: ObjectKey, limits: CallLimits = {}): Promise<T> {
    return (await this.#caller.call({ verb: "get", kind, place: key, ...limits })) as T;
  }

  /** The object as it is now; undefined if there is none. */
  async find<T extends KubeObject>(
    kind: ResourceKind<T>,
    key: ObjectKey,
    limits: CallLimits = {},
  ): Promise<T | undefined> {
    try {
      return await this.get(kind, key, limits);
    } catch (error) {
      if (isFault(error, "NotFound")) return undefined;
      throw error;
    }
  }

  /** All selected objects, consistent and fresh: read through a quorum of etcd, never from an old cache. */
  async list<T extends KubeObject>(
    kind: ResourceKind<T>,
    selection: Selection = {},
    limits: CallLimits = {},
  ): Promise<ObjectList<T>> {
    try {
      return await this.#listPages(kind, selection, PAGE_OBJECTS, limits);
    } catch (error) {
      // The pages took longer than the server keeps their moment: all at once then, as client-go does.
      if (isFault(error, "Gone")) return this.#listPages(kind, selection, undefined, limits);
      throw error;
    }
  }

  /** What happens to the selected objects from a resource version on, until the server ends it. */
  async *watch<T extends KubeObject>(
    kind: ResourceKind<T>,
    start: WatchStart,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<T>, void, undefined> {
    const { resourceVersion, timeoutSeconds, silenceMs } = start;
    const call: ApiCall = {
      verb: "watch",
      kind,
      place: placeOf(start),
      query: { watch: true, allowWatchBookmarks: true, resourceVersion, timeoutSeconds, ...selectorOf(start) },
      signal,
    };
    for await (const line of jsonLines(this.#caller.stream(call, silenceMs)))
      yield watchEvent(kind, line as WireEvent<T>);
  }

  /** Makes a new object; `AlreadyExists` if there is one of that name. */
  async create<T extends KubeObject>(kind: ResourceKind<T>, object: WantedObject, limits: CallLimits = {}): Promise<T> {
    const { namespace } = object.metadata ?? {};
    const place = namespace === undefined ? {} : { namespace };
    return (await this.#caller.call({ verb: "create", kind, place, body: typed(kind, object), ...limits })) as T;
  }

  /** Puts an object in place of the one with its resource version; `Conflict` if that has changed meanwhile. */
  async update<T extends KubeObject>(kind: ResourceKind<T>, object: WantedObject, limits: CallLimits = {}): Promise<T> {
    const place = namedPlace(object);
    return (await this.#caller.call({ verb: "update", kind, place, body: typed(kind, object), ...limits })) as T;
  }

  /** Changes what the patch names (RFC 7386); with a resource version in it only if nothing else has changed. */
  async mergePatch<T extends KubeObject>(
    kind: ResourceKind<T>,
    place: ObjectKey & { readonly subresource?: string },
    patch: unknown,
    limits: CallLimits = {},
  ): Promise<T> {
    const query = { fieldManager: FIELD_MANAGER };
    return (await this.#caller.call({ verb: "patch", kind, place, query, body: patch, ...limits })) as T;
  }

  /** Server-side apply: the fields given become the operator's and get these values, whoever had them before. */
  async apply<T extends KubeObject>(kind: ResourceKind<T>, object: WantedObject, limits: CallLimits = {}): Promise<T> {
    const query = { fieldManager: FIELD_MANAGER, force: true };
    const place = namedPlace(object);
    return (await this.#caller.call({ verb: "apply", kind, place, query, body: typed(kind, object), ...limits })) as T;
  }

  /** Asks for a deletion; finalizers and the kubelet may take their time with it. */
  async delete(kind: ResourceKind, key: ObjectKey, options: DeleteOptions = {}): Promise<void> {
    const { preconditions, propagation = "Background", ...limits } = options;
    const body = {
      apiVersion: "v1",
      kind: "DeleteOptions",
      propagationPolicy: propagation,
      ...(preconditions && { preconditions }),
    };
    await this.#caller.call({ verb: "delete", kind, place: key, body, ...limits });
  }

  /** Ends every connection: watches end with an error. */
  close(): void {
    this.#caller.close();
  }

  async #listPages<T extends KubeObject>(
    kind: ResourceKind<T>,
    selection: Selection,
    limit: number | undefined,
    limits: CallLimits,
  ): Promise<ObjectList<T>> {
    const items: T[] = [];
    let next: string | undefined;
    for (;;) {
      const query = { limit, continue: next, ...selectorOf(selection) };
      const call: ApiCall = { verb: "list", kind, place: placeOf(selection), query, ...limits };
      const page = (await this.#caller.call(call)) as WireList<T>;
      for (const item of page.items ?? []) items.push(typed(kind, item));
      next = page.metadata.continue;
      if (next === undefined || next === "") return { items, resourceVersion: page.metadata.resourceVersion };
    }
  }
}

interface WireList<T> {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items?: readonly T[] | null;
}

interface WireEvent<T> {
  readonly type: string;
  readonly object: T;
}

function watchEvent<T extends KubeObject>(kind: ResourceKind<T>, { type, object }: WireEvent<T>): WatchEvent<T> {
  switch (type) {
    case "ADDED":
    case "MODIFIED":
    case "DELETED":
      return { type, object: typed(kind, object) };
    case "BOOKMARK":
      return { type, resourceVersion: object.metadata.resourceVersion ?? "" };
    default: {
      const body = object as StatusBody;
      const status = body.code ?? 500;
      const text = `watch ${kind.plural}: ${faultText(status, body)}`;
      throw new KubeError(faultOf(status, body, undefined), text, { status });
    }
  }
}

/** The items of a list do not say of which kind they are; owner references and events have to. */
function typed<T extends WantedObject>(kind: ResourceKind, object: T): T {
  return object.kind === undefined ? { apiVersion: kind.apiVersion, kind: kind.kind, ...object } : object;
}

function placeOf({ namespace }: Selection): ResourcePlace {
  return namespace === undefined ? {} : { namespace };
}

function selectorOf({ labelSelector }: Selection): { readonly labelSelector?: string } {
  return labelSelector === undefined ? {} : { labelSelector };
}

function namedPlace({ metadata }: WantedObject): ObjectKey {
  if (metadata?.name === undefined) throw new Error("an object that is written needs a metadata.name");
  return { namespace: metadata.namespace ?? "", name: metadata.name };
}
