import { GATEWAY_CALLS, type GatewayCallCase } from "./gateway-calls.ts";

/** What a server answered, without what is its own: ids, terms, sizes, hashes. */
export interface GatewayAnswer {
  readonly call: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** One value for a line. */
  readonly body: readonly unknown[];
}

const COMPARED_HEADERS = [
  "content-type",
  "grpc-metadata-content-type",
  "access-control-allow-origin",
  "access-control-allow-methods",
  "access-control-allow-headers",
];
/** These belong to the server, its address or its disk. */
const OWN = new Set(
  "cluster_id member_id raft_term ID leader raftIndex raftTerm raftAppliedIndex dbSize dbSizeInUse hash peerURLs clientURLs".split(
    " ",
  ),
);
const TIMEOUT_MS = 60_000;

/** Makes all calls of the table at a new server. */
export async function gatewayAnswers(endpoint: string): Promise<readonly GatewayAnswer[]> {
  const answers: GatewayAnswer[] = [];
  for (const call of GATEWAY_CALLS) answers.push(await answerTo(endpoint, call));
  return answers;
}

async function answerTo(endpoint: string, call: GatewayCallCase): Promise<GatewayAnswer> {
  const { path, method = "POST", headers = {}, lines, body, text = JSON.stringify(body) } = call;
  const abort = new AbortController();
  const timer = setTimeout(() => {
    abort.abort(new Error(`${path} ${text}: no answer`));
  }, TIMEOUT_MS);
  try {
    const response = await fetch(`${endpoint}${path}`, {
      method,
      headers,
      signal: abort.signal,
      ...(method !== "GET" && method !== "OPTIONS" && { body: text }),
    });
    const said = await linesOf(response, lines);
    return {
      call: `${method} ${path} ${text ?? ""} ${JSON.stringify(headers)}`,
      status: response.status,
      headers: Object.fromEntries(
        COMPARED_HEADERS.flatMap((name) => {
          const value = response.headers.get(name);
          return value === null ? [] : [[name, value]];
        }),
      ),
      body: said.map((line) => compared(line, call.hasOwnWords === true)),
    };
  } finally {
    clearTimeout(timer);
    abort.abort();
  }
}

async function linesOf(response: Response, count: number | undefined): Promise<readonly string[]> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const piece of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    text += decoder.decode(piece, { stream: true });
    const lines = text.split("\n").filter((line) => line !== "");
    if (count !== undefined && lines.length >= count && text.endsWith("\n")) return lines.slice(0, count);
  }
  return text.split("\n").filter((line) => line !== "");
}

interface Events {
  readonly events: unknown;
  readonly header: { revision?: unknown };
}

/** Beside history etcd names the store's revision, Kvorum that of the last event. */
function hasEvents(value: unknown): value is Events {
  return typeof value === "object" && value !== null && "events" in value;
}

function compared(line: string, hasOwnWords: boolean): unknown {
  try {
    return JSON.parse(line, (key, value: unknown) => {
      if (key === "result" && hasEvents(value)) delete value.header.revision;
      if (OWN.has(key) && value !== "7" && value !== "99" && value !== "11") return "own";
      return key === "message" && hasOwnWords ? "own words" : value;
    });
  } catch {
    return line;
  }
}
