/** Where an object is; the namespace is "" for what has none. */
export interface ObjectKey {
  readonly namespace: string;
  readonly name: string;
}

interface Named {
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** An object's place as one text, `namespace/name`: what caches and work queues are keyed by. */
export function keyOf({ metadata }: Named): string {
  return keyText({ namespace: metadata.namespace ?? "", name: metadata.name });
}

/** `namespace/name`, or the name alone where there is no namespace. */
export function keyText({ namespace, name }: ObjectKey): string {
  return namespace === "" ? name : `${namespace}/${name}`;
}

/** The way back from `keyText`. */
export function parseKey(key: string): ObjectKey {
  const slash = key.indexOf("/");
  return slash < 0 ? { namespace: "", name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
