/** A step that could not be done. It is not repeated as such: the next look at the cluster decides anew. */
export class StepError extends Error {
  override readonly name = "StepError";
}
