import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import { createInterface } from "node:readline";

const MAX_SOCKETS = 128;
const CALL_TIMEOUT_MS = 20_000;

/** What the run reads of any object. */
export interface KubeObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation?: number;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec?: { readonly nodeName?: string; readonly replicas?: number };
  readonly status?: { readonly phase?: string; readonly readyReplicas?: number; readonly observedGeneration?: number };
  readonly data?: Readonly<Record<string, string>>;
}

/** The objects of one resource at one version. */
export interface KubeList {
  readonly metadata: { readonly resourceVersion: string };
  readonly items: readonly KubeObject[];
}

/** One line of a watch. An ERROR holds a Status instead of an object. */
export interface KubeEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: KubeObject & { readonly code?: number; readonly message?: string };
}

/** An answer that is none of 2xx; status 0 if there was no answer at all. */
export class KubeFailure extends Error {
  readonly status: number;

  constructor(status: number, message: string, options?: ErrorOptions) {
    super(`${status === 0 ? "no answer" : String(status)}: ${message}`, options);
    this.status = status;
  }

  /** Whether the call may have been carried out all the same. */
  get isUncertain(): boolean {
    return this.status === 0 || this.status >= 500;
  }
}

/** What goes with a call; the body is sent as JSON. */
export interface CallOptions {
  readonly body?: unknown;
  readonly contentType?: string;
  readonly timeoutMs?: number;
}

/** The plainest client of an API server: no cache, no retry, every failure is the caller's. */
export class KubeApi {
  readonly #url: string;
  readonly #token: string;
  readonly #agent: Agent;

  constructor(options: { readonly url: string; readonly caFile: string; readonly token: string }) {
    this.#url = options.url;
    this.#token = options.token;
    this.#agent = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS, ca: readFileSync(options.caFile) });
  }

  async call<T = KubeObject>(method: string, path: string, options: CallOptions = {}): Promise<T> {
    return JSON.parse(await this.text(method, path, options)) as T;
  }

  /** The answer as it is. */
  async text(method: string, path: string, options: CallOptions = {}): Promise<string> {
    const signal = AbortSignal.timeout(options.timeoutMs ?? CALL_TIMEOUT_MS);
    try {
      const response = await this.#send(method, path, options, signal);
      const text = await textOf(response);
      const status = response.statusCode ?? 0;
      if (status < 200 || status > 299) throw new KubeFailure(status, messageIn(text));
      return text;
    } catch (error) {
      throw error instanceof KubeFailure ? error : new KubeFailure(0, (error as Error).message, { cause: error });
    }
  }

  list(path: string, query = ""): Promise<KubeList> {
    return this.call<KubeList>("GET", `${path}${query}`);
  }

  mergePatch(path: string, body: unknown): Promise<KubeObject> {
    return this.call("PATCH", path, { body, contentType: "application/merge-patch+json" });
  }

  /** The events of one watch, until the server ends it. */
  async *watch(path: string, signal: AbortSignal): AsyncGenerator<KubeEvent> {
    const response = await this.#send("GET", path, {}, signal);
    const status = response.statusCode ?? 0;
    if (status !== 200) throw new KubeFailure(status, messageIn(await textOf(response)));
    for await (const line of createInterface({ input: response })) yield JSON.parse(line) as KubeEvent;
  }

  close(): void {
    this.#agent.destroy();
  }

  #send(method: string, path: string, options: CallOptions, signal: AbortSignal): Promise<IncomingMessage> {
    const headers: Record<string, string> = { authorization: `Bearer ${this.#token}`, accept: "application/json" };
    const body = options.body === undefined ? undefined : JSON.stringify(options.body);
    if (body !== undefined) {
      headers["content-type"] = options.contentType ?? "application/json";
      // Node leaves it out of a DELETE by itself, and the server would take the body for none.
      headers["content-length"] = String(Buffer.byteLength(body));
    }
    return new Promise((resolve, reject) => {
      const call = request(`${this.#url}${path}`, { method, headers, agent: this.#agent, signal }, resolve);
      call.once("error", reject);
      call.end(body);
    });
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  response.setEncoding("utf8");
  let text = "";
  for await (const chunk of response) text += chunk as string;
  return text;
}

function messageIn(text: string): string {
  try {
    return (JSON.parse(text) as { readonly message?: string }).message ?? text;
  } catch {
    return text.trim();
  }
}
