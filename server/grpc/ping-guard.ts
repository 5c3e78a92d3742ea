import { constants, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";

/** Pings that may come too early before the connection is ended (grpc-go's maxPingStrikes). */
const MAX_STRIKES = 2;
/** How far apart pings have to be while there is no call (grpc-go's defaultPingTimeout). */
const IDLE_INTERVAL_MS = 2 * 60 * 60 * 1000;
/** The answer to a ping: what has been written between two pings if nothing else was. */
const PING_ACK_BYTES = 17;

/** One connection's pings, judged as grpc-go judges them. */
export class PingJudge {
  readonly #minIntervalMs: number;
  #lastMs = -Infinity;
  #lastBytesWritten = 0;
  #strikes = 0;

  constructor(minIntervalMs: number) {
    this.#minIntervalMs = minIntervalMs;
  }

  /** Whether the connection has to end. Pings between which the server has sent something else are never too many. */
  isTooMuch(ping: { readonly atMs: number; readonly hasCalls: boolean; readonly bytesWritten: number }): boolean {
    const { atMs, hasCalls, bytesWritten } = ping;
    const hasSent = bytesWritten - this.#lastBytesWritten > PING_ACK_BYTES;
    const isEarly = atMs - this.#lastMs < (hasCalls ? this.#minIntervalMs : IDLE_INTERVAL_MS);
    this.#lastMs = atMs;
    this.#lastBytesWritten = bytesWritten;
    if (hasSent) this.#strikes = 0;
    else if (isEarly) this.#strikes++;
    return this.#strikes > MAX_STRIKES;
  }
}

/** Ends a connection whose client pings too often: GOAWAY with ENHANCE_YOUR_CALM and the words that clients know. */
export function guardPings(session: ServerHttp2Session, minIntervalMs: number): void {
  const judge = new PingJudge(minIntervalMs);
  let calls = 0;
  const onEnd = (): void => {
    calls--;
  };
  session.on("stream", (stream: ServerHttp2Stream) => {
    calls++;
    stream.once("close", onEnd);
  });
  session.on("ping", () => {
    const { bytesWritten } = session.socket;
    if (session.destroyed || !judge.isTooMuch({ atMs: performance.now(), hasCalls: calls > 0, bytesWritten })) return;
    session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, undefined, Buffer.from("too_many_pings"));
    setImmediate(() => session.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM));
  });
}
