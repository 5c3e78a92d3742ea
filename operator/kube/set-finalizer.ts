import type { ObjectMemory } from "./applier.ts";
import { isFault } from "./kube-error.ts";
import type { KubeClient } from "./kube-client.ts";
import type { KubeObject } from "./kube-object.ts";
import type { ResourceKind } from "./resource-kind.ts";

/**
 * Puts a finalizer on an object, or takes it away, which lets a deletion go through. It happens only if nothing else about
 * the object has changed since it was read. An object that is gone holds no finalizer: taking one away from it is done.
 */
export async function setFinalizer<T extends KubeObject>(
  client: KubeClient,
  kind: ResourceKind<T>,
  live: T,
  finalizer: { readonly name: string; readonly isWanted: boolean },
  memory: ObjectMemory<T>,
): Promise<T> {
  const { name, namespace = "", resourceVersion, finalizers = [] } = live.metadata;
  if (finalizers.includes(finalizer.name) === finalizer.isWanted) return live;
  const others = finalizers.filter((known) => known !== finalizer.name);
  const wanted = finalizer.isWanted ? [...others, finalizer.name] : others;
  const body = { metadata: { resourceVersion, finalizers: wanted } };
  try {
    const object = await client.mergePatch(kind, { namespace, name }, body);
    memory.remember(object);
    return object;
  } catch (error) {
    if (finalizer.isWanted || !isFault(error, "NotFound")) throw error;
    return live;
  }
}
