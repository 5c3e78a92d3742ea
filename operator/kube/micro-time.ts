/** A moment as metav1.MicroTime writes it: RFC 3339 in UTC with six digits after the second. */
export function microTime(unixMs: number): string {
  return new Date(unixMs).toISOString().replace(/Z$/, "000Z");
}
