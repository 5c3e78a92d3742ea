import { Agent as HttpAgent, request as requestHttp, type ClientRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import type { IncomingHttpHeaders } from "node:http";
import type { ConnectionOptions } from "node:tls";
import type { Clock } from "../ports/clock.ts";
import { PeerCallError } from "../ports/peer-call-error.ts";

/** etcd closes a connection that was idle for 5 s; ours are given up before, so that no request meets a closing one. */
const IDLE_CONNECTION_MS = 4000;
/** Idle connections kept for one peer URL. */
const MAX_IDLE_CONNECTIONS = 4;
/** How often the system asks a silent connection for a sign of life; some ten without an answer end it. */
const TCP_KEEPALIVE_MS = 5000;
/** The longest answer to a call; /members is the largest. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** What a connection to a peer is secured with; asked for each new connection, because files change. */
export type PeerTls = () => ConnectionOptions;

export interface PeerClientOptions {
  readonly tls?: PeerTls | undefined;
  /** The address to call from; undefined: the system chooses. */
  readonly localAddress?: string | undefined;
  readonly clock: Clock;
  readonly dialTimeoutMs: number;
}

export interface PeerRequest {
  readonly method: "GET" | "POST";
  /** One of the peer's URLs. */
  readonly url: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface PeerCall extends PeerRequest {
  readonly body?: Uint8Array | string | undefined;
  readonly timeoutMs: number;
}

export interface PeerAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** HTTP requests to peers, over connections that are kept or over ones of their own. */
export class PeerClient {
  readonly #options: PeerClientOptions;
  readonly #kept = agents({ keepAlive: true, timeout: IDLE_CONNECTION_MS, maxFreeSockets: MAX_IDLE_CONNECTIONS });
  readonly #own = agents({ keepAlive: false });

  constructor(options: PeerClientOptions) {
    this.#options = options;
  }

  /** A request over a connection of its own, for what goes on long; the caller ends it. */
  open(request: PeerRequest): ClientRequest {
    return this.#start(request, this.#own);
  }

  /** A whole request and its whole answer, over a kept connection. Rejects with a PeerCallError. */
  async call(call: PeerCall): Promise<PeerAnswer> {
    const deadlineMs = this.#options.clock.monotonicMs() + call.timeoutMs;
    // Without a length Node sends the body of a GET as if it were the next request.
    const length = call.body === undefined ? {} : { "Content-Length": String(Buffer.byteLength(call.body)) };
    for (;;) {
      const request = this.#start({ ...call, headers: { ...call.headers, ...length } }, this.#kept);
      try {
        return await this.#complete(request, call, deadlineMs - this.#options.clock.monotonicMs());
      } catch (error) {
        // The peer closed the kept connection just when we used it again. Each of these requests may be repeated.
        if (request.reusedSocket && (error as NodeJS.ErrnoException).code === "ECONNRESET") continue;
        throw new PeerCallError(`${call.method} ${call.url}${call.path}: ${(error as Error).message}`, {
          cause: error,
        });
      }
    }
  }

  /** Cuts every connection. */
  close(): void {
    for (const { http, https } of [this.#kept, this.#own]) {
      http.destroy();
      https.destroy();
    }
  }

  #start({ method, url, path, headers }: PeerRequest, { http, https }: Agents): ClientRequest {
    const target = targetOf(url);
    const { localAddress } = this.#options;
    const options = { ...target.options, method, path, headers, ...(localAddress !== undefined && { localAddress }) };
    const request = target.isTls
      ? requestHttps({ ...options, ...this.#options.tls?.(), agent: https })
      : requestHttp({ ...options, agent: http });
    this.#limitDial(request, target.isTls ? "secureConnect" : "connect");
    return request;
  }

  #limitDial(request: ClientRequest, connected: "connect" | "secureConnect"): void {
    const { clock, dialTimeoutMs } = this.#options;
    request.once("socket", (socket) => {
      if (!socket.connecting) return;
      const timer = clock.after(dialTimeoutMs, () => {
        request.destroy(new Error(`no connection within ${String(dialTimeoutMs)} ms`));
      });
      socket.once(connected, () => {
        timer.cancel();
        socket.setNoDelay(true);
        socket.setKeepAlive(true, TCP_KEEPALIVE_MS);
      });
      socket.once("close", () => {
        timer.cancel();
      });
    });
  }

  #complete(request: ClientRequest, { body, timeoutMs }: PeerCall, leftMs: number): Promise<PeerAnswer> {
    return new Promise((resolve, reject) => {
      const timer = this.#options.clock.after(Math.max(leftMs, 1), () => {
        request.destroy(new Error(`no answer within ${String(timeoutMs)} ms`));
      });
      request.on("close", () => {
        timer.cancel();
      });
      answerTo(request).then(resolve, reject);
      request.end(body);
    });
  }
}

/** The whole answer to a request; rejects if there is none, or if it is cut short or too long. */
export function answerTo(request: ClientRequest): Promise<PeerAnswer> {
  return new Promise((resolve, reject) => {
    let hasResponse = false;
    request.on("response", (response) => {
      hasResponse = true;
      readAnswer(response).then(resolve, reject);
    });
    request.on("error", reject);
    request.on("close", () => {
      if (!hasResponse) reject(new Error("the peer closed the connection without an answer"));
    });
  });
}

/** The body of an answer and what goes with it. */
export async function readAnswer(response: IncomingMessage): Promise<PeerAnswer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_ANSWER_BYTES) throw new Error(`the answer exceeds ${String(MAX_ANSWER_BYTES)} bytes`);
    chunks.push(chunk);
  }
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) };
}

interface Agents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

/** TLS sessions are not resumed: a connection shall show the certificate that is in the file now. */
function agents(options: ConstructorParameters<typeof HttpAgent>[0]): Agents {
  return { http: new HttpAgent(options), https: new HttpsAgent({ ...options, maxCachedSessions: 0 }) };
}

interface Target {
  readonly isTls: boolean;
  readonly options: { readonly host: string; readonly port: string } | { readonly socketPath: string };
}

function targetOf(url: string): Target {
  const [, isSecure, socketPath] = /^unix(s?):\/\/(.+)$/.exec(url) ?? [];
  if (socketPath !== undefined) return { isTls: isSecure === "s", options: { socketPath } };
  const { protocol, hostname, port } = new URL(url);
  const isTls = protocol === "https:";
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  return { isTls, options: { host, port: port === "" ? (isTls ? "443" : "80") : port } };
}
