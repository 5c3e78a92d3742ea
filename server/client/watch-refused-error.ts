/** The server will not serve this watch, now or later: no permission, or a request that it does not take. */
export class WatchRefusedError extends Error {
  override readonly name = "WatchRefusedError";

  constructor(reason: string) {
    super(`the watch was refused: ${reason === "" ? "the server gave no reason" : reason}`);
  }
}
