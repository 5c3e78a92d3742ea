/** A value read from text, or why the text is none, in the words that etcd uses. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

/** The text is this value. */
export function accepted<T>(value: T): Parsed<T> {
  return { ok: true, value };
}

/** The text is no value. */
export function rejected(reason: string): { readonly ok: false; readonly reason: string } {
  return { ok: false, reason };
}
