import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Logger } from "../ports/logger.ts";
import type { Health } from "./proxy-health.ts";

/** A Prometheus text and its content type. */
export interface MetricsText {
  readonly contentType: string;
  readonly text: string;
}

/** What plain HTTP of a proxy answers with. */
export interface ProxyHttpSources {
  /** Whether the cluster answers. */
  readonly health: () => Promise<Health>;
  /** Whether the proxy itself does. */
  readonly proxyHealth: () => Promise<Health>;
  /** The metrics of a member of the cluster. */
  readonly memberMetrics: () => Promise<MetricsText>;
  /** The metrics of the proxy. */
  readonly proxyMetrics: () => Promise<MetricsText>;
  readonly logger: Logger;
}

/** `/health` and `/metrics` of the cluster behind, `/proxy/health` and `/proxy/metrics` of the proxy, as etcd has them. */
export function proxyHttp(sources: ProxyHttpSources): RequestListener {
  return (request, response) => {
    answer(sources, request, response).catch((error: unknown) => {
      sources.logger.warn("failed to answer over HTTP", { url: request.url, error: String(error) });
      send(response, 500, TEXT, "Internal server error\n");
    });
  };
}

const TEXT = "text/plain; charset=utf-8";

async function answer(sources: ProxyHttpSources, request: IncomingMessage, response: ServerResponse): Promise<void> {
  switch ((request.url ?? "/").replace(/\?.*$/, "")) {
    case "/health":
      await answerHealth(sources, sources.health, request, response);
      return;
    case "/proxy/health":
      await answerHealth(sources, sources.proxyHealth, request, response);
      return;
    case "/metrics":
      return answerMetrics(await sources.memberMetrics(), response);
    case "/proxy/metrics":
      return answerMetrics(await sources.proxyMetrics(), response);
    default:
      send(response, 404, TEXT, "404 page not found\n");
  }
}

async function answerHealth(
  { logger }: ProxyHttpSources,
  ask: () => Promise<Health>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== "GET") {
    response.setHeader("Allow", "GET");
    send(response, 405, TEXT, "Method Not Allowed\n");
    return;
  }
  const health = await ask();
  const output = JSON.stringify(health);
  if (health.health === "true") return send(response, 200, TEXT, output);
  logger.warn("/health error", { output, "status-code": 503 });
  send(response, 503, TEXT, `${output}\n`);
}

function answerMetrics({ contentType, text }: MetricsText, response: ServerResponse): void {
  send(response, 200, contentType, text);
}

function send(response: ServerResponse, code: number, contentType: string, body: string): void {
  response.writeHead(code, { "Content-Type": contentType, "Content-Length": Buffer.byteLength(body) });
  response.end(body);
}
