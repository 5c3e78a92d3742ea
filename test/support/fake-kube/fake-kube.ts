import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { JsonObject, StoredObject } from "./json-object.ts";
import type { Writer } from "./managed-fields.ts";
import { ObjectStore, Refusal, type Change, type Target } from "./object-store.ts";
import { fitsSelector, requestTarget } from "./request-target.ts";

/** What is done to objects. */
export type FakeVerb = "get" | "list" | "watch" | "create" | "update" | "patch" | "apply" | "delete";

/** One request that came. */
export interface FakeCall {
  readonly verb: FakeVerb;
  /** `apps/v1/statefulsets`. */
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly body: JsonObject;
}

/**
 * What goes wrong with a request. `lost-answer`: it is done, the answer never comes. `hang`: nothing happens at all.
 * `late`: it is done and answered when the promise is kept.
 */
export type Fault =
  | {
      readonly kind: "status";
      readonly code: number;
      readonly reason?: string;
      readonly retryAfterSeconds?: number;
      readonly body?: string;
    }
  | { readonly kind: "reset" | "lost-answer" | "hang" }
  | { readonly kind: "late"; readonly until: Promise<void> };

/** Decides about a request; undefined: nothing goes wrong with it. */
export type FaultRule = (call: FakeCall) => Fault | undefined;

interface Watcher {
  readonly target: Target;
  readonly from: number;
  readonly selector: string | null;
  readonly response: ServerResponse;
}

const WRITES: ReadonlySet<FakeVerb> = new Set(["create", "update", "patch", "apply", "delete"]);

/**
 * A Kubernetes API server as far as an operator can see: over HTTP, in memory, for any kind, without schemas, admission
 * or controllers. Faults are set by tests.
 */
export class FakeKube {
  readonly store = new ObjectStore();
  /** Every request, in order. */
  readonly calls: FakeCall[] = [];
  /** Resources whose kinds are not installed. */
  readonly missing = new Set<string>();
  /** How often an idle watch gets a bookmark; 0: only by `bookmark`. */
  bookmarkMs = 0;
  readonly #rules: { readonly rule: FaultRule; times: number }[] = [];
  readonly #watchers = new Set<Watcher>();
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;
  #hanging = 0;

  /** Begins to listen; the address. */
  async start(): Promise<string> {
    this.store.onChange((change) => this.#announce(change));
    await this.up();
    return this.url;
  }

  get url(): string {
    return `http://127.0.0.1:${String(this.#port)}`;
  }

  /** How many watches are open. */
  get watches(): number {
    return this.#watchers.size;
  }

  /** How many requests will never be answered. */
  get hanging(): number {
    return this.#hanging;
  }

  /** Listens again, at the same port. */
  async up(): Promise<void> {
    const server = createServer((request, response) => void this.#serve(request, response));
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(this.#port, "127.0.0.1", resolve));
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Refuses and cuts every connection. */
  async down(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  }

  /** Asks a rule about the requests to come, until it has had its say so many times. */
  fail(rule: FaultRule, times = Infinity): void {
    this.#rules.push({ rule, times });
  }

  /** No rules any more. */
  heal(): void {
    this.#rules.length = 0;
  }

  /** Watches stay open and say nothing any more; new ones do. */
  mute(): void {
    this.#watchers.clear();
  }

  /** Ends every watch as a server that restarts does. */
  endWatches(): void {
    for (const { response } of this.#watchers) response.end();
    this.#watchers.clear();
  }

  /** Tells every watch the version it has got to. */
  bookmark(): void {
    for (const watcher of this.#watchers) this.#bookmark(watcher);
  }

  /** The requests of those verbs, or all. */
  callsOf(...verbs: readonly FakeVerb[]): readonly FakeCall[] {
    return this.calls.filter(({ verb }) => verbs.length === 0 || verbs.includes(verb));
  }

  /** The requests that wanted to change something. */
  get writes(): readonly FakeCall[] {
    return this.calls.filter(({ verb }) => WRITES.has(verb));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", this.url);
    const target = requestTarget(url.pathname);
    const body = await readJson(request);
    if (!target) return answer(response, 404, status(new Refusal(404, "NotFound", "there is nothing here")));
    const call: FakeCall = {
      ...target,
      verb: verbOf(request, url, target),
      query: url.searchParams,
      headers: request.headers,
      body,
    };
    this.calls.push(call);
    const fault = this.#faultOf(call);
    switch (fault?.kind) {
      case "status":
        return answerFault(response, fault);
      case "reset":
        request.socket.destroy();
        return;
      case "hang":
        this.#hanging++;
        response.once("close", () => this.#hanging--);
        return;
      case "late":
        await fault.until;
        break;
      case "lost-answer":
      case undefined:
    }
    try {
      this.#act(call, target, request, response, fault?.kind === "lost-answer");
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      answer(response, error.code, status(error));
    }
  }

  #act(call: FakeCall, target: Target, request: IncomingMessage, response: ServerResponse, isLost: boolean): void {
    if (this.missing.has(target.resource))
      throw new Refusal(404, "NotFound", "the server could not find the requested resource");
    if (call.verb === "watch") return this.#watch(call, target, response);
    const { code, body } = this.#answerTo(call, target);
    if (isLost) request.socket.destroy();
    else answer(response, code, body);
  }

  #faultOf(call: FakeCall): Fault | undefined {
    for (const entry of this.#rules) {
      const fault = entry.times > 0 ? entry.rule(call) : undefined;
      if (!fault) continue;
      entry.times--;
      return fault;
    }
    return undefined;
  }

  #answerTo(call: FakeCall, target: Target): { readonly code: number; readonly body: JsonObject } {
    const { store } = this;
    const manager = call.query.get("fieldManager") ?? call.headers["user-agent"]?.split("/")[0] ?? "unknown";
    const writer: Writer = { manager, isStatus: target.subresource === "status" };
    switch (call.verb) {
      case "get":
        return { code: 200, body: store.get(target) };
      case "list":
        return { code: 200, body: this.#page(call, target) };
      case "create":
        return { code: 201, body: store.create(target, call.body, writer) };
      case "update":
        return { code: 200, body: store.update(target, call.body, writer) };
      case "patch":
        return { code: 200, body: store.mergePatch(target, call.body, writer) };
      case "apply": {
        const { object, isNew } = store.apply(target, call.body, writer);
        return { code: isNew ? 201 : 200, body: object };
      }
      case "delete":
        return { code: 200, body: store.delete(target, (call.body["preconditions"] ?? {}) as JsonObject) };
      case "watch":
        throw new Error("a watch is not answered at once");
    }
  }

  #page({ query }: FakeCall, target: Target): JsonObject {
    const [version, startText] = (query.get("continue") ?? `${String(this.store.version)}:0`).split(":");
    if (Number(version) < this.store.compacted) {
      throw new Refusal(410, "Expired", "The provided continue parameter is too old");
    }
    const fitting = this.store.list(target).filter((object) => isSelected(object, query.get("labelSelector")));
    const start = Number(startText);
    const limit = Number(query.get("limit") ?? "0") || fitting.length;
    const items = fitting.slice(start, start + limit).map(({ apiVersion: _version, kind: _kind, ...item }) => item);
    const next = start + limit < fitting.length ? { continue: `${String(version)}:${String(start + limit)}` } : {};
    return { apiVersion: target.apiVersion, kind: "List", metadata: { resourceVersion: version, ...next }, items };
  }

  #watch({ query }: FakeCall, target: Target, response: ServerResponse): void {
    const from = Number(query.get("resourceVersion"));
    response.writeHead(200, { "Content-Type": "application/json" });
    response.flushHeaders();
    if (from < this.store.compacted) {
      const expired = new Refusal(410, "Expired", `too old resource version: ${String(from)}`);
      response.end(`${JSON.stringify({ type: "ERROR", object: status(expired) })}\n`);
      return;
    }
    // From a version that is still to come on nothing is said before it has come.
    const watcher: Watcher = { target, from, selector: query.get("labelSelector"), response };
    for (const change of this.store.since(from)) tell(watcher, change);
    this.#watchers.add(watcher);
    const timer = setTimeout(() => response.end(), Number(query.get("timeoutSeconds") ?? "1800") * 1000);
    const bookmarks = this.bookmarkMs > 0 ? setInterval(() => this.#bookmark(watcher), this.bookmarkMs) : undefined;
    response.once("close", () => {
      clearTimeout(timer);
      clearInterval(bookmarks);
      this.#watchers.delete(watcher);
    });
  }

  #bookmark(watcher: Watcher): void {
    const { target, from, response } = watcher;
    // One that was muted says nothing.
    if (this.store.version < from || !this.#watchers.has(watcher)) return;
    const metadata = { resourceVersion: String(this.store.version) };
    send(response, { type: "BOOKMARK", object: { apiVersion: target.apiVersion, kind: "Bookmark", metadata } });
  }

  #announce(change: Change): void {
    for (const watcher of this.#watchers) tell(watcher, change);
  }
}

/** A watch with a selector sees an object that stops to fit as deleted. */
function tell({ target, from, selector, response }: Watcher, { resource, type, version, object }: Change): void {
  if (version <= from) return;
  const isPlace = target.namespace === undefined || target.namespace === object.metadata.namespace;
  if (resource !== target.resource || !isPlace) return;
  if (isSelected(object, selector)) send(response, { type, object });
  else if (type === "MODIFIED") send(response, { type: "DELETED", object });
}

function isSelected({ metadata }: StoredObject, selector: string | null): boolean {
  return fitsSelector(metadata.labels ?? {}, selector);
}

function send(response: ServerResponse, event: object): void {
  if (!response.writableEnded) response.write(`${JSON.stringify(event)}\n`);
}

function verbOf({ method, headers }: IncomingMessage, url: URL, { name }: Target): FakeVerb {
  switch (method ?? "GET") {
    case "POST":
      return "create";
    case "PUT":
      return "update";
    case "PATCH":
      return headers["content-type"] === "application/apply-patch+yaml" ? "apply" : "patch";
    case "DELETE":
      return "delete";
    default:
      if (url.searchParams.get("watch") === "true") return "watch";
      return name === undefined ? "list" : "get";
  }
}

async function readJson(request: IncomingMessage): Promise<JsonObject> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString("utf8");
  return text === "" ? {} : (JSON.parse(text) as JsonObject);
}

function answer(response: ServerResponse, code: number, body: JsonObject): void {
  response.writeHead(code, { "Content-Type": "application/json" }).end(JSON.stringify(body));
}

function answerFault(response: ServerResponse, fault: Extract<Fault, { kind: "status" }>): void {
  const { code, reason = "", retryAfterSeconds, body } = fault;
  const headers = retryAfterSeconds === undefined ? {} : { "Retry-After": String(retryAfterSeconds) };
  const text = body ?? JSON.stringify(status(new Refusal(code, reason, "as the test wants it")));
  response.writeHead(code, headers).end(text);
}

function status({ code, reason, message, details }: Refusal): JsonObject {
  return { apiVersion: "v1", kind: "Status", status: "Failure", code, reason, message, details };
}
