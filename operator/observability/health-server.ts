import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Registry } from "./registry.ts";

/** One thing that has to be so; what it returns is why it is not. */
export interface HealthCheck {
  readonly name: string;
  readonly check: () => string | undefined;
}

/** Where to listen; port 0 is any that is free. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** What is served at which address; undefined: not served. Equal addresses share a listener. */
export interface HealthServerOptions {
  readonly metricsAddress: ListenAddress | undefined;
  readonly healthAddress: ListenAddress | undefined;
  readonly registry: Registry;
  /** Why the process should be killed: `/healthz`. */
  readonly live: readonly HealthCheck[];
  /** Why the process should not be counted on yet: `/readyz`. */
  readonly ready: readonly HealthCheck[];
}

/** An address that cannot be listened at: a message for who set it. */
export class ListenError extends Error {
  override readonly name = "ListenError";
}

type Route = (response: ServerResponse) => void;
type Routes = Readonly<Record<string, Route>>;

/** Serves `/metrics`, `/healthz` and `/readyz`. */
export class HealthServer {
  readonly #options: HealthServerOptions;
  readonly #servers: Server[] = [];

  constructor(options: HealthServerOptions) {
    this.#options = options;
  }

  /** Listens; the addresses taken, those for metrics first. */
  async start(): Promise<readonly AddressInfo[]> {
    const { metricsAddress, healthAddress, registry, live, ready } = this.#options;
    const metrics: Routes = { "/metrics": (response) => void scrape(registry, response) };
    const health: Routes = {
      "/healthz": (response) => answer(live, response),
      "/readyz": (response) => answer(ready, response),
    };
    const isShared = sameAddress(metricsAddress, healthAddress);
    if (metricsAddress)
      await this.#listen("--metrics-addr", metricsAddress, isShared ? { ...metrics, ...health } : metrics);
    if (healthAddress && !isShared) await this.#listen("--health-addr", healthAddress, health);
    return this.#servers.map((server) => server.address() as AddressInfo);
  }

  /** Ends all connections. */
  async stop(): Promise<void> {
    await Promise.all(
      this.#servers.splice(0).map((server) => {
        const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
        server.closeAllConnections();
        return closed;
      }),
    );
  }

  async #listen(flag: string, { host, port }: ListenAddress, routes: Routes): Promise<void> {
    const server = createServer((request, response) => route(routes, request, response));
    await new Promise<void>((resolve, reject) => {
      server.once("error", (cause) =>
        reject(new ListenError(`cannot listen on ${flag} ${host}:${String(port)}: ${cause.message}`, { cause })),
      );
      server.listen(port, host === "" ? undefined : host, resolve);
    });
    this.#servers.push(server);
  }
}

function route(routes: Routes, request: IncomingMessage, response: ServerResponse): void {
  const path = (request.url ?? "/").split("?")[0] ?? "/";
  const found = Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (!found) {
    response
      .writeHead(404, { "Content-Type": "text/plain" })
      .end(`not found: there is ${Object.keys(routes).join(", ")}\n`);
  } else if (request.method !== "GET" && request.method !== "HEAD") {
    response.writeHead(405, { Allow: "GET, HEAD" }).end();
  } else {
    found(response);
  }
}

async function scrape(registry: Registry, response: ServerResponse): Promise<void> {
  const { contentType, text } = await registry.text();
  response.writeHead(200, { "Content-Type": contentType }).end(text);
}

/** The form of Kubernetes' own components: a line for each check. */
function answer(checks: readonly HealthCheck[], response: ServerResponse): void {
  const results = checks.map(({ name, check }) => ({ name, problem: check() }));
  const isGood = results.every(({ problem }) => problem === undefined);
  const lines = results.map(({ name, problem }) =>
    problem === undefined ? `[+]${name} ok` : `[-]${name}: ${problem}`,
  );
  const text = `${[...lines, isGood ? "ok" : "failed"].join("\n")}\n`;
  response.writeHead(isGood ? 200 : 503, { "Content-Type": "text/plain; charset=utf-8" }).end(text);
}

function sameAddress(left: ListenAddress | undefined, right: ListenAddress | undefined): boolean {
  return left !== undefined && left.host === right?.host && left.port === right.port && left.port !== 0;
}
