import type { KubeObject } from "./kube-object.ts";

/** A kind of objects: how they are addressed, and of which type they are. */
export interface ResourceKind<T extends KubeObject = KubeObject> {
  /** `v1` for the core group, else `group/version`. */
  readonly apiVersion: string;
  readonly kind: string;
  /** The name in paths and in RBAC rules. */
  readonly plural: string;
  readonly isNamespaced: boolean;
  /** Never there: it carries the type of the objects. */
  readonly objects?: T;
}

/** Which objects of a kind a path names: all, those of a namespace, one, or a part of one. */
export interface ResourcePlace {
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
}

/** A namespaced kind of objects. */
export function namespacedKind<T extends KubeObject>(
  apiVersion: string,
  kind: string,
  plural: string,
): ResourceKind<T> {
  return { apiVersion, kind, plural, isNamespaced: true };
}

/** The path of objects of a kind below the API server's address. */
export function resourcePath(kind: ResourceKind, { namespace, name, subresource }: ResourcePlace): string {
  if (kind.isNamespaced && name !== undefined && !namespace) {
    throw new Error(`${kind.kind} ${name}: an object of this kind has a namespace, and none was given`);
  }
  const root = kind.apiVersion.includes("/") ? `/apis/${kind.apiVersion}` : `/api/${kind.apiVersion}`;
  const parts = [root];
  if (kind.isNamespaced && namespace) parts.push("namespaces", encodeURIComponent(namespace));
  parts.push(kind.plural);
  if (name !== undefined) parts.push(encodeURIComponent(name));
  if (subresource !== undefined) parts.push(subresource);
  return parts.join("/");
}
