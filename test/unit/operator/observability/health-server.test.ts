import { afterEach, expect, test } from "vitest";
import {
  HealthServer,
  type HealthCheck,
  type HealthServerOptions,
} from "../../../../operator/observability/health-server.ts";
import { Registry } from "../../../../operator/observability/registry.ts";

const any = { host: "127.0.0.1", port: 0 };
const servers: HealthServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function serve(options: Partial<HealthServerOptions>): Promise<readonly string[]> {
  const registry = new Registry();
  registry.counter("seen_total", "Seen.").add(2);
  const server = new HealthServer({
    metricsAddress: any,
    healthAddress: any,
    registry,
    live: [],
    ready: [],
    ...options,
  });
  servers.push(server);
  const addresses = await server.start();
  return addresses.map(({ port }) => `http://127.0.0.1:${String(port)}`);
}

async function get(url: string, method = "GET"): Promise<string> {
  const response = await fetch(url, { method });
  return `${String(response.status)} ${await response.text()}`;
}

const good: HealthCheck = { name: "ping", check: () => undefined };

test("metrics are at the one address, health at the other", async () => {
  const [metrics, health] = await serve({ live: [good] });
  expect(await get(`${metrics!}/metrics`)).toContain("seen_total 2");
  expect(await get(`${health!}/healthz`)).toBe("200 [+]ping ok\nok\n");
  expect(await get(`${health!}/readyz?verbose`)).toBe("200 ok\n");
  expect(await get(`${health!}/metrics`)).toBe("404 not found: there is /healthz, /readyz\n");
  expect(await get(`${health!}/constructor`)).toMatch(/^404/);
  expect(await get(`${health!}/healthz`, "POST")).toMatch(/^405/);
});

test("what is not well is said, and with it the answer turns", async () => {
  let problem: string | undefined = "pods are not listed yet";
  const [, health] = await serve({ live: [good], ready: [good, { name: "informers", check: () => problem }] });
  expect(await get(`${health!}/readyz`)).toBe("503 [+]ping ok\n[-]informers: pods are not listed yet\nfailed\n");
  expect(await get(`${health!}/healthz`)).toMatch(/^200/);
  problem = undefined;
  expect(await get(`${health!}/readyz`)).toBe("200 [+]ping ok\n[+]informers ok\nok\n");
});

test("one address may serve both, and none nothing", async () => {
  const [only] = await serve({ metricsAddress: undefined });
  expect(await get(`${only!}/healthz`)).toMatch(/^200/);
  const { port } = new URL(only!);
  await servers.pop()!.stop();
  const shared = { host: "127.0.0.1", port: Number(port) };
  const addresses = await serve({ metricsAddress: shared, healthAddress: shared });
  expect(addresses.length).toBe(1);
  expect(await get(`${addresses[0]!}/healthz`)).toMatch(/^200/);
  expect(await get(`${addresses[0]!}/metrics`)).toMatch(/^200/);
  expect(await serve({ metricsAddress: undefined, healthAddress: undefined })).toEqual([]);
});

test("an address that is taken is named with its flag", async () => {
  const [taken] = await serve({});
  const { port } = new URL(taken!);
  await expect(serve({ healthAddress: { host: "127.0.0.1", port: Number(port) } })).rejects.toThrow(
    `cannot listen on --health-addr 127.0.0.1:${port}`,
  );
});
