import type { KubeObject } from "./kube-object.ts";
import { keyText } from "./object-key.ts";

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
