import { lookup } from "node:dns/promises";
import { readFileSync } from "node:fs";
import { messageOf } from "../base/message-of.ts";
import { splitHostPort } from "../config/server-url.ts";
import { cryptoRandom } from "../host/crypto-random.ts";
import { nodeClock } from "../host/node-clock.ts";
import { jsonLogger } from "../observability/json-logger.ts";
import { standardStream } from "../observability/standard-stream.ts";
import type { Logger } from "../ports/logger.ts";
import type { Remote } from "../proxy/remote-picker.ts";
import { discoverEndpoints, type DiscoveredEndpoint } from "../proxy/srv-discovery.ts";
import { TcpGateway } from "../proxy/tcp-gateway.ts";
import { GATEWAY } from "./gateway-options.ts";
import type { FlagValues } from "./proxy-arguments.ts";
import { proxyMain, ProxyRefusal } from "./proxy-main.ts";
import { onShutdownSignal } from "./signals.ts";

/** `etcd gateway`: passes TCP connections on to the members of a cluster. */
export async function gatewayMain(args: readonly string[]): Promise<void> {
  await proxyMain(GATEWAY, args, start);
}

async function start(flags: FlagValues): Promise<void> {
  const logger = jsonLogger(standardStream("stderr"), "info", "kvorum/gateway");
  logger.info("Running: ", { args: process.argv.slice(1) });
  const found = await discovered(flags, logger);
  const remotes =
    found.length > 0 ? found.map(({ url: _url, ...remote }) => remote) : remotesOf(flags.list("endpoints"));
  const listen = listenAddress(flags.text("listen-addr"));
  await refuseLoops(remotes, listen);
  if (remotes.length === 0) throw new ProxyRefusal("no endpoints found", "stdout");
  const retryDelayMs = flags.number("retry-delay");
  const gateway = new TcpGateway({ remotes, retryDelayMs, logger, clock: nodeClock, random: cryptoRandom });
  try {
    await gateway.listen({ host: listen.host, port: listen.port });
  } catch (error) {
    throw new ProxyRefusal(`listen tcp ${listen.text}: ${messageOf(error)}`);
  }
  onShutdownSignal(async () => {
    gateway.close();
  });
}

/** What DNS knows of the cluster; nothing where it is not asked. Both commands use it. */
export async function discovered(
  flags: FlagValues,
  logger: Logger,
  caFlag = "trusted-ca-file",
): Promise<readonly DiscoveredEndpoint[]> {
  const domain = flags.text("discovery-srv");
  if (domain === "") return [];
  const caFile = flags.given(caFlag);
  try {
    return await discoverEndpoints({
      domain,
      serviceName: flags.text("discovery-srv-name"),
      isInsecure: flags.isSet("insecure-discovery"),
      ca: caFile === undefined ? undefined : readFileSync(caFile),
      logger,
    });
  } catch (error) {
    throw new ProxyRefusal(messageOf(error));
  }
}

/** Endpoints as they are given, without the scheme that some have. */
function remotesOf(endpoints: readonly string[]): readonly Remote[] {
  return endpoints.map((endpoint) => {
    const plain = /^[a-z]+:\/\/([^/]+)/i.exec(endpoint)?.[1] ?? endpoint;
    const address = splitHostPort(plain);
    if (!address) throw new ProxyRefusal(`error parsing endpoint ${JSON.stringify(plain)}`, "stdout");
    return { ...address, priority: 0, weight: 0 };
  });
}

interface ListenAddress {
  readonly host: string;
  readonly port: number;
  readonly text: string;
}

function listenAddress(text: string): ListenAddress {
  const address = splitHostPort(text);
  if (!address) throw new ProxyRefusal(`failed to validate listen address: ${text}`, "stdout");
  return { ...address, text };
}

/** A gateway that is its own endpoint would go round in circles. */
async function refuseLoops(remotes: readonly Remote[], listen: ListenAddress): Promise<void> {
  const own = new Set(await addressesOf(listen.host, `failed to resolve listen host: ${listen.host}`));
  for (const { host, port } of remotes) {
    const addresses = await addressesOf(host, `failed to resolve endpoint host: ${host}`);
    const loop = port === listen.port ? addresses.find((address) => own.has(address)) : undefined;
    if (loop === undefined) continue;
    const way = `${host}:${String(port)}->${loop}:${String(port)}`;
    throw new ProxyRefusal(
      `SRV or endpoint (${way}) should not resolve to the gateway listen addr (${listen.text})`,
      "stdout",
    );
  }
}

async function addressesOf(host: string, failure: string): Promise<readonly string[]> {
  try {
    if (host === "") throw new Error("no host");
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch {
    throw new ProxyRefusal(failure, "stdout");
  }
}
