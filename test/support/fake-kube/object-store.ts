import { randomUUID } from "node:crypto";
import { isEqual, isObject, type JsonObject, type StoredObject } from "./json-object.ts";
import { applyFields, ownChanges, type Writer } from "./managed-fields.ts";

/** Which objects a request is about. */
export interface Target {
  /** `apps/v1/statefulsets`: group, version and plural. */
  readonly resource: string;
  readonly apiVersion: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
}

/** A change of one object. */
export interface Change {
  readonly resource: string;
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly version: number;
  readonly object: StoredObject;
}

/** What the API server answers instead of doing it. */
export class Refusal extends Error {
  readonly code: number;
  readonly reason: string;
  readonly details: JsonObject;

  constructor(code: number, reason: string, message: string, details: JsonObject = {}) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.details = details;
  }
}

/** The objects and what happened to them, with the rules of the API server as far as the operator meets them. */
export class ObjectStore {
  readonly #objects = new Map<string, StoredObject>();
  readonly #listeners = new Set<(change: Change) => void>();
  #history: Change[] = [];
  #version = 100;
  #compacted = 0;

  get version(): number {
    return this.#version;
  }

  /** Versions up to here are no longer kept: neither watches nor pages go on from there. */
  get compacted(): number {
    return this.#compacted;
  }

  /** Forgets what happened. */
  compact(): void {
    this.#compacted = this.#version;
    this.#history = [];
  }

  /** Something else happened, for instance to objects that nobody here looks at. */
  passVersions(count: number): void {
    this.#version += count;
  }

  /** As after a restore from a backup of long ago. */
  setVersionBack(version: number): void {
    this.#version = version;
    this.#compacted = 0;
    this.#history = [];
  }

  onChange(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What happened after that version. */
  since(version: number): readonly Change[] {
    return this.#history.filter((change) => change.version > version);
  }

  find({ resource, namespace = "", name = "" }: Target): StoredObject | undefined {
    return this.#objects.get(keyOf(resource, namespace, name));
  }

  get(target: Target): StoredObject {
    const found = this.find(target);
    if (!found) throw new Refusal(404, "NotFound", `${target.resource} "${target.name ?? ""}" not found`);
    return found;
  }

  list({ resource, namespace }: Pick<Target, "resource" | "namespace">): readonly StoredObject[] {
    return [...this.#objects]
      .filter(([key]) => key.startsWith(`${resource}|${namespace === undefined ? "" : `${namespace}|`}`))
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .map(([, object]) => object);
  }

  create(target: Target, body: JsonObject, writer: Writer): StoredObject {
    const object = this.#fresh(target, body);
    ownChanges(undefined, object, writer);
    return this.#keep(target.resource, "ADDED", object);
  }

  update(target: Target, body: JsonObject, writer: Writer): StoredObject {
    const before = this.get(target);
    this.#checkPreconditions(before, (body["metadata"] ?? {}) as JsonObject);
    const after = merged(before, structuredClone(body), writer.isStatus);
    ownChanges(before, after, writer);
    return this.#replace(target.resource, before, after);
  }

  mergePatch(target: Target, patch: JsonObject, writer: Writer): StoredObject {
    const before = this.get(target);
    this.#checkPreconditions(before, (patch["metadata"] ?? {}) as JsonObject);
    const patched = patchValue(before, patch) as JsonObject;
    const after = merged(before, patched, writer.isStatus);
    ownChanges(before, after, writer);
    return this.#replace(target.resource, before, after);
  }

  apply(
    target: Target,
    applied: JsonObject,
    writer: Writer,
  ): { readonly object: StoredObject; readonly isNew: boolean } {
    const before = this.find(target);
    if (!before) {
      const { apiVersion, kind, metadata } = applied;
      const bare = this.#fresh(target, { apiVersion, kind, metadata: { name: (metadata as JsonObject)["name"] } });
      return { object: this.#keep(target.resource, "ADDED", applyFields(bare, applied, writer)), isNew: true };
    }
    this.#checkPreconditions(before, (applied["metadata"] ?? {}) as JsonObject);
    return { object: this.#replace(target.resource, before, applyFields(before, applied, writer)), isNew: false };
  }

  delete(target: Target, preconditions: JsonObject): StoredObject {
    const before = this.get(target);
    this.#checkPreconditions(before, preconditions);
    if ((before.metadata.finalizers ?? []).length === 0) return this.#remove(target.resource, before);
    if (before.metadata.deletionTimestamp !== undefined) return before;
    const after = structuredClone(before);
    after.metadata.deletionTimestamp = new Date().toISOString();
    after.metadata.generation++;
    return this.#keep(target.resource, "MODIFIED", after);
  }

  #checkPreconditions({ metadata }: StoredObject, { uid, resourceVersion }: JsonObject): void {
    const isOther = uid !== undefined && uid !== metadata.uid;
    const isOld = resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion;
    if (!isOther && !isOld) return;
    throw new Refusal(
      409,
      "Conflict",
      `"${metadata.name}": the object has been modified; please apply your changes again`,
    );
  }

  #replace(resource: string, before: StoredObject, after: StoredObject): StoredObject {
    if (isEqual(before, after)) return before;
    if (!isEqual(contentOf(before), contentOf(after))) after.metadata.generation = before.metadata.generation + 1;
    const isLeft = after.metadata.deletionTimestamp !== undefined && (after.metadata.finalizers ?? []).length === 0;
    return isLeft ? this.#remove(resource, after) : this.#keep(resource, "MODIFIED", after);
  }

  #fresh(target: Target, { status: _status, metadata, ...content }: JsonObject): StoredObject {
    const meta = (metadata ?? {}) as JsonObject;
    const name = (meta["name"] as string | undefined) ?? target.name ?? "";
    if (name === "") throw new Refusal(422, "Invalid", "metadata.name: Required value");
    if (this.find({ ...target, name })) {
      throw new Refusal(409, "AlreadyExists", `${target.resource} "${name}" already exists`);
    }
    return {
      ...structuredClone(content),
      metadata: {
        ...structuredClone(meta),
        name,
        ...(target.namespace !== undefined && { namespace: target.namespace }),
        uid: randomUUID(),
        resourceVersion: "",
        generation: 1,
        creationTimestamp: new Date().toISOString(),
      },
    } as unknown as StoredObject;
  }

  #keep(resource: string, type: "ADDED" | "MODIFIED", object: StoredObject): StoredObject {
    const { namespace = "", name } = object.metadata;
    const kept = this.#tell(resource, type, object);
    this.#objects.set(keyOf(resource, namespace, name), kept);
    return kept;
  }

  #remove(resource: string, object: StoredObject): StoredObject {
    const { namespace = "", name, uid } = object.metadata;
    this.#objects.delete(keyOf(resource, namespace, name));
    const removed = this.#tell(resource, "DELETED", object);
    this.#collect(uid);
    return removed;
  }

  #tell(resource: string, type: Change["type"], object: StoredObject): StoredObject {
    const version = ++this.#version;
    const copy = structuredClone(object);
    copy.metadata.resourceVersion = String(version);
    const change: Change = { resource, type, version, object: copy };
    this.#history.push(change);
    for (const listener of this.#listeners) listener(change);
    return copy;
  }

  /** The garbage collector: what was owned by it alone goes after it. */
  #collect(uid: string): void {
    for (const [key, object] of this.#objects) {
      const owners = object.metadata.ownerReferences ?? [];
      if (owners.length === 0 || !owners.every((owner) => owner.uid === uid)) continue;
      const [resource = ""] = key.split("|");
      const { namespace, name } = object.metadata;
      this.delete({ resource, apiVersion: "", namespace, name, subresource: undefined }, {});
    }
  }
}

function keyOf(resource: string, namespace: string, name: string): string {
  return `${resource}|${namespace}|${name}`;
}

function contentOf({ metadata: _metadata, status: _status, ...content }: StoredObject): JsonObject {
  return content;
}

/** The part of a write that counts: of a status write the status, of any other all but the status. */
function merged(before: StoredObject, given: JsonObject, isStatus: boolean): StoredObject {
  if (isStatus) return { ...structuredClone(before), status: given["status"] };
  const { status: _status, metadata, ...content } = given;
  const { uid, resourceVersion, generation, deletionTimestamp, creationTimestamp, managedFields } = before.metadata;
  const kept = { uid, resourceVersion, generation, creationTimestamp, managedFields };
  return {
    ...content,
    metadata: { ...(metadata as JsonObject), ...kept, ...(deletionTimestamp !== undefined && { deletionTimestamp }) },
    ...(before["status"] !== undefined && { status: before["status"] }),
  } as unknown as StoredObject;
}

function patchValue(before: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const after: JsonObject = isObject(before) ? structuredClone(before) : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete after[name];
    else after[name] = patchValue(after[name], value);
  }
  return after;
}
