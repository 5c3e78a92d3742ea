/** Any JSON object. */
export interface JsonObject {
  [field: string]: unknown;
}

/** An object as the fake keeps it: the fields that it looks at itself, and whatever else was given. */
export interface StoredObject extends JsonObject {
  apiVersion: string;
  kind: string;
  metadata: StoredMeta;
}

/** Metadata as the fake keeps it. */
export interface StoredMeta extends JsonObject {
  name: string;
  namespace?: string;
  uid: string;
  resourceVersion: string;
  generation: number;
  labels?: Record<string, string>;
  finalizers?: string[];
  deletionTimestamp?: string;
  ownerReferences?: { uid: string }[];
  managedFields?: ManagedEntry[];
}

/** Who has set which fields. */
export interface ManagedEntry {
  manager: string;
  operation: "Apply" | "Update";
  subresource?: string;
  fieldsV1: Record<string, object>;
}

/** Whether a value is an object and no list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether two JSON values say the same. */
export function isEqual(left: unknown, right: unknown): boolean {
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, at) => isEqual(item, right[at]));
  }
  if (!isObject(left) || !isObject(right)) return left === right;
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...names].every((name) => isEqual(left[name], right[name]));
}
