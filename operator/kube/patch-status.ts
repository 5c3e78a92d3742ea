import type { ObjectMemory } from "./applier.ts";
import type { KubeClient } from "./kube-client.ts";
import type { KubeObject } from "./kube-object.ts";
import { mergePatch } from "./merge-patch.ts";
import type { ResourceKind } from "./resource-kind.ts";

/**
 * Makes an object's status be as wanted, if it is not. It happens only if nothing else about the object has changed since
 * it was read, else it fails with `Conflict`: whoever decides on a status has to have seen what it replaces. The answer is
 * put into `memory` before this returns, so that nobody afterwards decides on the old one.
 */
export async function patchStatus<T extends KubeObject & { readonly status?: unknown }>(
  client: KubeClient,
  kind: ResourceKind<T>,
  live: T,
  status: object,
  memory: ObjectMemory<T>,
): Promise<T> {
  const patch = mergePatch(live.status, status);
  if (patch === undefined) return live;
  const { name, namespace = "", resourceVersion } = live.metadata;
  const body = { metadata: { resourceVersion }, status: patch };
  const object = await client.mergePatch(kind, { namespace, name, subresource: "status" }, body);
  memory.remember(object);
  return object;
}
