import type { IncomingMessage, ServerResponse } from "node:http";
import { CHECK_NAMES, type CheckName, type CheckResult } from "../api/health-checks.ts";

/** What plain HTTP on the client port needs to answer. */
export interface HttpSources {
  readonly version: () => { readonly etcdserver: string; readonly etcdcluster: string; readonly storage: string };
  readonly health: (options: {
    readonly isSerializable: boolean;
    readonly excludedAlarms: ReadonlySet<string>;
  }) => Promise<CheckResult>;
  readonly check: (name: CheckName, probe: "livez" | "readyz") => Promise<CheckResult>;
  /** What /debug/vars shows of the process and of raft; undefined: there is nothing yet. */
  readonly debugVariables?: () => Readonly<Record<string, unknown>>;
  /** The Prometheus text and its content type. */
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** `/health`, `/livez`, `/readyz`, `/version` and `/metrics`, with etcd's bodies and codes. */
export function httpHandler(sources: HttpSources): Handler {
  return (request, response) => {
    answer(sources, request, response).catch((error: unknown) => {
      send(response, 500, "text/plain; charset=utf-8", `${String(error)}\n`);
    });
  };
}

async function answer(sources: HttpSources, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://localhost");
  const [, head = "", tail] = url.pathname.split("/");
  switch (head) {
    case "version":
      if (isGet(request, response)) send(response, 200, "application/json", JSON.stringify(sources.version()));
      return;
    case "health":
      if (isGet(request, response)) await answerHealth(sources, url, response);
      return;
    case "livez":
    case "readyz":
      if (isGet(request, response)) await answerProbe(sources, head, tail, url, response);
      return;
    case "metrics": {
      if (!isGet(request, response)) return;
      const { contentType, text } = await sources.metrics();
      send(response, 200, contentType, text);
      return;
    }
    case "debug": {
      if (tail !== "vars" || !sources.debugVariables) return notFound(response);
      if (!isGet(request, response)) return;
      send(response, 200, "application/json; charset=utf-8", `${variablesText(sources.debugVariables())}\n`);
      return;
    }
    default:
      notFound(response);
  }
}

function notFound(response: ServerResponse): void {
  send(response, 404, "text/plain; charset=utf-8", "404 page not found\n");
}

/** One variable a line, as Go's expvar writes them. */
function variablesText(variables: Readonly<Record<string, unknown>>): string {
  const lines = Object.entries(variables).map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  return `{\n${lines.join(",\n")}\n}`;
}

async function answerHealth(sources: HttpSources, url: URL, response: ServerResponse): Promise<void> {
  const { isHealthy, reason } = await sources.health({
    isSerializable: url.searchParams.get("serializable") === "true",
    excludedAlarms: new Set(url.searchParams.getAll("exclude")),
  });
  const body = JSON.stringify({ health: String(isHealthy), reason });
  send(response, isHealthy ? 200 : 503, "application/json", body);
}

async function answerProbe(
  sources: HttpSources,
  probe: "livez" | "readyz",
  only: string | undefined,
  url: URL,
  response: ServerResponse,
): Promise<void> {
  const all: readonly CheckName[] = CHECK_NAMES[probe];
  const excluded = new Set(url.searchParams.getAll("exclude"));
  const named =
    only === undefined || only === "" ? all.filter((name) => !excluded.has(name)) : all.filter((name) => name === only);
  if (named.length === 0 && only) {
    send(response, 404, "text/plain; charset=utf-8", "404 page not found\n");
    return;
  }
  const lines: string[] = [];
  let isHealthy = true;
  for (const name of named) {
    const result = await sources.check(name, probe);
    isHealthy &&= result.isHealthy;
    lines.push(result.isHealthy ? `[+]${name} ok\n` : `[-]${name} failed: ${result.reason}\n`);
  }
  const isVerbose = url.searchParams.has("verbose") || !isHealthy;
  const body = `${isVerbose ? lines.join("") : ""}${isHealthy ? "ok\n" : ""}`;
  send(response, isHealthy ? 200 : 503, "text/plain; charset=utf-8", body);
}

function isGet(request: IncomingMessage, response: ServerResponse): boolean {
  if (request.method === "GET" || request.method === "HEAD") return true;
  response.setHeader("Allow", "GET");
  send(response, 405, "text/plain; charset=utf-8", "Method Not Allowed\n");
  return false;
}

function send(response: ServerResponse, code: number, contentType: string, body: string): void {
  response.writeHead(code, { "Content-Type": contentType, "Content-Length": Buffer.byteLength(body) });
  response.end(body);
}
