import { request as httpRequest, Agent as HttpAgent } from "node:http";
import type { AgentOptions, ClientRequest, IncomingMessage, RequestOptions } from "node:http";
import { request as httpsRequest, Agent as HttpsAgent } from "node:https";
import { getCACertificates } from "node:tls";
import { messageOf } from "../base/message-of.ts";
import { discoveryFailure } from "./discovery-failure.ts";
import {
  NoV2KeysError,
  parseV2Answer,
  parseV2Refusal,
  UnavailableError,
  type V2Answer,
  type V2Keys,
} from "./v2-keys.ts";

/** How long an answer may take, unless it is waited for (etcd's DefaultRequestTimeout). */
const ANSWER_TIMEOUT_MS = 5000;
/** A connection on which a change is waited for is looked after this often. */
const KEEPALIVE_MS = 30_000;
const REDIRECTS_MAX = 10;
/** Largest answer that is read: a thousand members fit in. */
const ANSWER_BYTES_MAX = 1 << 20;

/** Keys behind the URL of a folder, over HTTP. */
export class V2KeysClient implements V2Keys {
  /** The path of the folder. */
  readonly folder: string;
  /** The proxy on the way there, without its password. */
  readonly proxy: string | undefined;
  readonly #url: URL;
  readonly #agents: Agents;

  /** Ends the start where the URL of the folder or of the proxy is none. */
  constructor(url: string, proxy: string | undefined) {
    this.#url = folderUrl(url);
    this.folder = this.#url.pathname;
    const proxyUrl = proxy === undefined ? undefined : parseProxy(proxy);
    this.proxy = proxyUrl && withoutPassword(proxyUrl);
    this.#agents = new Agents(proxyUrl);
  }

  async get(path: string): Promise<V2Answer> {
    const query = { recursive: "false", sorted: "false", quorum: "false" };
    const reply = await this.#ask(path, query, { timeoutMs: ANSWER_TIMEOUT_MS });
    return answerOf(reply) ?? emptyAnswer();
  }

  async create(path: string, value: string): Promise<V2Answer> {
    const body = new URLSearchParams({ value }).toString();
    const reply = await this.#ask(path, { prevExist: "false" }, { body, timeoutMs: ANSWER_TIMEOUT_MS });
    return answerOf(reply) ?? emptyAnswer();
  }

  async changeAfter(index: number, path: string, scope: "key" | "folder"): Promise<V2Answer> {
    const waitIndex = String(index > 0 ? index + 1 : 0);
    const query = { wait: "true", waitIndex, recursive: String(scope === "folder") };
    for (;;) {
      // The service ends a wait without an answer when nothing has happened for long.
      const answer = answerOf(await this.#ask(path, query, {}));
      if (answer !== undefined) return answer;
    }
  }

  close(): void {
    this.#agents.destroy();
  }

  async #ask(path: string, query: Readonly<Record<string, string>>, call: Call): Promise<Reply> {
    let url = new URL(this.#url);
    url.pathname = path;
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects++) {
      const reply = await exchange(url, this.#agents, call);
      const isRedirect = Math.floor(reply.status / 100) === 3;
      if (!isRedirect) return withoutServerError(this.#url, reply);
      if (reply.location === undefined) throw new UnavailableError("location header not set");
      url = new URL(reply.location, url);
    }
    throw new UnavailableError("client: too many redirects");
  }
}

interface Call {
  readonly timeoutMs?: number;
  /** What is put; without it the key is read. */
  readonly body?: string;
}

interface Reply {
  readonly status: number;
  readonly body: string;
  readonly index: string | undefined;
  readonly location: string | undefined;
}

async function exchange(url: URL, agents: Agents, { timeoutMs, body }: Call): Promise<Reply> {
  const signal = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
  try {
    return await new Promise((resolve, reject) => {
      const headers = body === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" };
      const options = { ...(signal && { signal }), method: body === undefined ? "GET" : "PUT", headers };
      const request = agents.request(url, options, (response) => {
        replyOf(response).then(resolve, reject);
      });
      request.once("socket", (socket) => socket.setKeepAlive(true, KEEPALIVE_MS));
      request.once("error", reject);
      request.end(body);
    });
  } catch (error) {
    if (error instanceof NoV2KeysError) throw error;
    if (signal?.aborted) throw new Error("context deadline exceeded", { cause: error });
    throw new UnavailableError(`client: etcd cluster is unavailable or misconfigured: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

async function replyOf(response: IncomingMessage): Promise<Reply> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > ANSWER_BYTES_MAX) {
      throw new NoV2KeysError(`the answer is larger than ${String(ANSWER_BYTES_MAX)} bytes`);
    }
    chunks.push(chunk);
  }
  const index = response.headers["x-etcd-index"];
  return {
    status: response.statusCode ?? 0,
    body: Buffer.concat(chunks).toString(),
    index: Array.isArray(index) ? index[0] : index,
    location: response.headers.location,
  };
}

function withoutServerError(service: URL, reply: Reply): Reply {
  const { status } = reply;
  if (status === 500 || status === 503) {
    throw new UnavailableError(`client: etcd member ${service.origin} has no leader`);
  }
  if (status > 500) {
    throw new UnavailableError(`client: etcd member ${service.origin} returns server error [${String(status)}]`);
  }
  return reply;
}

/** Undefined: it says yes, and nothing. */
function answerOf({ status, body, index }: Reply): V2Answer | undefined {
  if (status !== 200 && status !== 201) throw parseV2Refusal(body) ?? noKeys();
  if (body === "") return undefined;
  const answer = parseV2Answer(body, index);
  if (answer === undefined) throw noKeys();
  return answer;
}

function noKeys(): NoV2KeysError {
  return new NoV2KeysError(
    "client: response is invalid json. The endpoint is probably not valid etcd cluster endpoint",
  );
}

function emptyAnswer(): never {
  throw new Error("client: response body is empty");
}

function folderUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  throw discoveryFailure(`invalid URL ${JSON.stringify(text)}`, "--discovery has to begin with http:// or https://");
}

/** Without a scheme it is http's, as in etcd. */
function parseProxy(text: string): URL {
  for (const candidate of [text, `http://${text}`]) {
    if (/^https?:/.test(candidate) && URL.canParse(candidate)) return new URL(candidate);
  }
  throw discoveryFailure(
    `invalid proxy address ${JSON.stringify(text)}`,
    "write --discovery-proxy as http://host:port",
  );
}

function withoutPassword(proxy: URL): string {
  const shown = new URL(proxy);
  if (shown.password !== "") shown.password = "xxxxx";
  return shown.href;
}

/** Connections that know of no proxy but the one that is given, and trust whom the machine trusts. */
class Agents {
  readonly #http: HttpAgent;
  readonly #options: AgentOptions;
  #https: HttpsAgent | undefined;

  constructor(proxy: URL | undefined) {
    this.#options = proxy === undefined ? {} : { proxyEnv: { HTTP_PROXY: proxy.href, HTTPS_PROXY: proxy.href } };
    this.#http = new HttpAgent(this.#options);
  }

  request(url: URL, options: RequestOptions, onResponse: (response: IncomingMessage) => void): ClientRequest {
    if (url.protocol !== "https:") return httpRequest(url, { ...options, agent: this.#http }, onResponse);
    this.#https ??= new HttpsAgent({ ...this.#options, ca: authorities() });
    return httpsRequest(url, { ...options, agent: this.#https }, onResponse);
  }

  destroy(): void {
    this.#http.destroy();
    this.#https?.destroy();
  }
}

function authorities(): string[] {
  return [...getCACertificates("default"), ...getCACertificates("system")];
}
