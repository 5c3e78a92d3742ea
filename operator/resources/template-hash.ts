import { ANNOTATIONS } from "../types/names.ts";

const FNV_PRIME = 0x01000193;

/** A short name for the content of a pod template. Not for security: equal content, equal name, is all that it promises. */
export function templateHash(content: unknown): string {
  const text = JSON.stringify(content);
  return [0x811c9dc5, 0x050c5d1f].map((seed) => fnv1a(text, seed)).join("");
}

/**
 * Whether a pod was made from that template, as far as a restart would change it. It is decided by our own annotation,
 * not by the StatefulSet's revision: a revision changes also when only the restore of a founding is taken out.
 */
export function isFromTemplate(
  pod: Annotated | undefined,
  template: { readonly metadata?: Annotated } | undefined,
): boolean {
  const wanted = template?.metadata?.annotations?.[ANNOTATIONS.templateHash];
  return wanted !== undefined && pod?.annotations?.[ANNOTATIONS.templateHash] === wanted;
}

interface Annotated {
  readonly annotations?: Readonly<Record<string, string>>;
}

function fnv1a(text: string, seed: number): string {
  let hash = seed;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), FNV_PRIME);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
