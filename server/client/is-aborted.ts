/** Whether a signal is aborted now; a question of its own, since the compiler takes the answer of a moment ago for good. */
export function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}
