import { isEqual, isObject, type JsonObject } from "./json-object.ts";

/** One step into an object: a field, or the item of a list that has these values. */
type Segment = string | { readonly [key: string]: unknown };

/** The way to one leaf, as text so that it can be in a set. */
export type FieldPath = string;

/** Metadata that the server sets, and what says which object it is: nobody owns these. */
const NOT_OWNED = new Set([
  "name",
  "namespace",
  "uid",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "managedFields",
]);
/** Which field tells the items of a list apart, in this order. Real servers have it from the schema. */
const LIST_KEYS = ["uid", "name", "containerPort", "port", "type", "ip"];

/** Every leaf of an object that somebody can own, with its value. */
export function leavesOf(object: JsonObject, isStatus: boolean): Map<FieldPath, unknown> {
  const leaves = new Map<FieldPath, unknown>();
  for (const [name, value] of Object.entries(object)) {
    if (name === "apiVersion" || name === "kind" || (name === "status") !== isStatus) continue;
    if (name !== "metadata") collect(leaves, [name], value);
    else for (const [field, part] of Object.entries(value as JsonObject)) collectMeta(leaves, field, part);
  }
  return leaves;
}

/** Sets a leaf, making what is missing on the way. */
export function setLeaf(object: JsonObject, path: FieldPath, value: unknown): void {
  const { parent, last } = walk(object, path, true);
  if (!parent) return;
  if (Array.isArray(parent)) {
    if (!parent.some((item) => matches(item, last))) parent.push(structuredClone(value));
  } else {
    parent[last as string] = structuredClone(value);
  }
}

/** Takes a leaf away, and what is empty without it. */
export function removeLeaf(object: JsonObject, path: FieldPath): void {
  const { parent, last, above } = walk(object, path, false);
  if (!parent) return;
  if (Array.isArray(parent)) {
    const at = parent.findIndex((item) => matches(item, last));
    if (at >= 0) parent.splice(at, 1);
  } else {
    delete parent[last as string];
  }
  const isBare = Array.isArray(parent) ? parent.length === 0 : isKeyOnly(parent, above.at(-1));
  if (above.length > 1 && isBare) removeLeaf(object, JSON.stringify(above));
}

function collectMeta(leaves: Map<FieldPath, unknown>, field: string, value: unknown): void {
  if (!NOT_OWNED.has(field)) collect(leaves, ["metadata", field], value);
}

function collect(leaves: Map<FieldPath, unknown>, way: readonly Segment[], value: unknown): void {
  const key = Array.isArray(value) ? listKeyOf(value, way.at(-1)) : undefined;
  if (isObject(value) && Object.keys(value).length > 0) {
    for (const [name, part] of Object.entries(value)) collect(leaves, [...way, name], part);
  } else if (Array.isArray(value) && key === "") {
    for (const item of value) leaves.set(JSON.stringify([...way, { "": item as unknown }]), item);
  } else if (Array.isArray(value) && key !== undefined) {
    for (const item of value as JsonObject[]) collect(leaves, [...way, { [key]: item[key] }], item);
  } else {
    leaves.set(JSON.stringify(way), value);
  }
}

/** The field by which a list's items are merged; "" for a set; undefined for a list that is one value. */
function listKeyOf(list: readonly unknown[], name: Segment | undefined): string | undefined {
  if (name === "finalizers") return "";
  if (list.length === 0 || !list.every(isObject)) return undefined;
  return LIST_KEYS.find((key) => list.every((item) => item[key] !== undefined));
}

function walk(
  object: JsonObject,
  path: FieldPath,
  isMaking: boolean,
): { readonly parent: JsonObject | unknown[] | undefined; readonly last: Segment; readonly above: readonly Segment[] } {
  const way = JSON.parse(path) as Segment[];
  const above = way.slice(0, -1);
  const last = way.at(-1)!;
  let at: unknown = object;
  for (const [index, segment] of above.entries()) {
    at = into(at, segment, isMaking ? emptyFor(way[index + 1]!) : undefined);
    if (at === undefined) return { parent: undefined, last, above };
  }
  return { parent: at as JsonObject | unknown[], last, above };
}

function into(parent: unknown, segment: Segment, empty: unknown): unknown {
  if (Array.isArray(parent)) {
    const found: unknown = parent.find((item) => matches(item, segment));
    if (found !== undefined || empty === undefined) return found;
    const made = { ...(segment as JsonObject), ...(empty as JsonObject) };
    parent.push(made);
    return made;
  }
  const fields = parent as JsonObject;
  if (fields[segment as string] === undefined && empty !== undefined) fields[segment as string] = empty;
  return fields[segment as string];
}

function emptyFor(next: Segment): unknown {
  return typeof next === "string" ? {} : [];
}

function matches(item: unknown, segment: Segment): boolean {
  if (typeof segment === "string") return false;
  const [[key, value] = ["", undefined]] = Object.entries(segment);
  return key === "" ? isEqual(item, value) : isObject(item) && isEqual(item[key], value);
}

/** An item of a list with nothing left but what tells it apart. */
function isKeyOnly(item: JsonObject, segment: Segment | undefined): boolean {
  const keys = typeof segment === "object" ? Object.keys(segment) : [];
  return Object.keys(item).every((name) => keys.includes(name));
}
