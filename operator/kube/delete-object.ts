import type { DeleteOptions, KubeClient } from "./kube-client.ts";
import { isFault } from "./kube-error.ts";
import type { KubeObject } from "./kube-object.ts";
import type { ResourceKind } from "./resource-kind.ts";

/** How much must be as it was seen: the object itself, or everything about it. */
export type DeleteGuard = "same-object" | "unchanged";

/**
 * Deletes the object that was seen and no other: another one of the same name stays, and with `unchanged` so does one
 * that has changed meanwhile (`Conflict`). One that is gone already is fine.
 */
export async function deleteObject(
  client: KubeClient,
  kind: ResourceKind,
  { metadata }: KubeObject,
  guard: DeleteGuard,
  options: Pick<DeleteOptions, "propagation"> = {},
): Promise<void> {
  const { namespace = "", name, uid, resourceVersion } = metadata;
  if (uid === undefined) throw new Error(`${kind.kind} ${name} has no uid: only what was seen is deleted`);
  const isUnchanged = guard === "unchanged" && resourceVersion !== undefined;
  const preconditions = { uid, ...(isUnchanged && { resourceVersion }) };
  try {
    await client.delete(kind, { namespace, name }, { ...options, preconditions });
  } catch (error) {
    if (!isFault(error, "NotFound")) throw error;
  }
}
