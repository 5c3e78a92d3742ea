/** The bytes at hand are no valid message: cut short, malformed, or with a number that does not fit. */
export class WireError extends Error {
  override readonly name = "WireError";
}
