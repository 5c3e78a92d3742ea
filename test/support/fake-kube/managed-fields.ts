import { leavesOf, removeLeaf, setLeaf, type FieldPath } from "./field-paths.ts";
import { isEqual, type JsonObject, type ManagedEntry, type StoredObject } from "./json-object.ts";

/** Who writes. */
export interface Writer {
  readonly manager: string;
  readonly isStatus: boolean;
}

/**
 * Server-side apply with force, near enough: what the manager no longer names and nobody else has goes; what it names is
 * set, and is taken from whoever had set it otherwise.
 */
export function applyFields(live: StoredObject, applied: JsonObject, { manager, isStatus }: Writer): StoredObject {
  const after = structuredClone(live);
  const wanted = leavesOf(applied, isStatus);
  const entries = after.metadata.managedFields ?? [];
  const others = entries.filter((entry) => !isEntry(entry, manager, "Apply", isStatus));
  const own = entries.find((entry) => isEntry(entry, manager, "Apply", isStatus));
  for (const path of Object.keys(own?.fieldsV1 ?? {})) {
    if (!wanted.has(path) && !others.some(({ fieldsV1 }) => path in fieldsV1)) removeLeaf(after, path);
  }
  const known = leavesOf(after, isStatus);
  for (const [path, value] of wanted) {
    if (known.has(path) && isEqual(known.get(path), value)) continue;
    for (const { fieldsV1 } of others) delete fieldsV1[path];
    setLeaf(after, path, value);
  }
  setEntries(after, [...others, entryOf(manager, "Apply", isStatus, [...wanted.keys()])]);
  return after;
}

/** Any other write: what it changes is the writer's from now on and nobody else's. */
export function ownChanges(before: StoredObject | undefined, after: StoredObject, { manager, isStatus }: Writer): void {
  const was = before ? leavesOf(before, isStatus) : new Map<FieldPath, unknown>();
  const is = leavesOf(after, isStatus);
  const changed = [...is].filter(([path, value]) => !was.has(path) || !isEqual(was.get(path), value));
  const removed = [...was.keys()].filter((path) => !is.has(path));
  const entries = structuredClone(before?.metadata.managedFields ?? []);
  for (const { fieldsV1 } of entries) {
    for (const path of [...changed.map(([changedPath]) => changedPath), ...removed]) delete fieldsV1[path];
  }
  const own = entries.find((entry) => isEntry(entry, manager, "Update", isStatus));
  const paths = [...Object.keys(own?.fieldsV1 ?? {}), ...changed.map(([path]) => path)];
  setEntries(after, [...entries.filter((entry) => entry !== own), entryOf(manager, "Update", isStatus, paths)]);
}

function setEntries(object: StoredObject, entries: readonly ManagedEntry[]): void {
  object.metadata.managedFields = entries.filter(({ fieldsV1 }) => Object.keys(fieldsV1).length > 0);
}

function entryOf(
  manager: string,
  operation: ManagedEntry["operation"],
  isStatus: boolean,
  paths: readonly FieldPath[],
): ManagedEntry {
  const fieldsV1 = Object.fromEntries(paths.toSorted().map((path) => [path, {}]));
  return { manager, operation, ...(isStatus && { subresource: "status" }), fieldsV1 };
}

function isEntry(entry: ManagedEntry, manager: string, operation: string, isStatus: boolean): boolean {
  return entry.manager === manager && entry.operation === operation && (entry.subresource === "status") === isStatus;
}
