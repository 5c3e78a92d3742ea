/**
 * A call to a peer led to no answer that can be used: no connection, no time left, an HTTP status or bytes that mean
 * nothing. It names the URL. The peer, or another URL of it, may answer a little later.
 */
export class PeerCallError extends Error {
  override readonly name = "PeerCallError";
}
