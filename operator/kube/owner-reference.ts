import type { KubeObject, OwnerReference } from "./kube-object.ts";
import { keyText } from "./object-key.ts";

/** The reference with which an object belongs to its controller: it is collected after its owner. */
export function ownerReference({ apiVersion, kind, metadata }: KubeObject): OwnerReference {
  const { name, uid } = metadata;
  if (uid === undefined) throw new Error(`${kind} ${name} has no uid yet: only an object that exists can own others`);
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
}

/** An index of objects by the key of the controller that owns them, for one kind of owner. */
export function byOwner(ownerApiVersion: string, ownerKind: string): (object: KubeObject) => readonly string[] {
  const group = groupOf(ownerApiVersion);
  return ({ metadata }) =>
    (metadata.ownerReferences ?? [])
      .filter((owner) => owner.controller === true && owner.kind === ownerKind && groupOf(owner.apiVersion) === group)
      .map(({ name }) => keyText({ namespace: metadata.namespace ?? "", name }));
}

/** Versions of a group change, its name does not. */
function groupOf(apiVersion: string): string {
  return apiVersion.split("/").at(-2) ?? "";
}
