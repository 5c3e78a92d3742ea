import { resolveSrv } from "node:dns/promises";
import { connect } from "node:tls";
import type { Logger } from "../ports/logger.ts";
import type { Remote } from "./remote-picker.ts";

/** How long an endpoint may take to show its certificate. */
const HANDSHAKE_PATIENCE_MS = 5000;

/** An endpoint that DNS names, as a URL, and what its record says. */
export interface DiscoveredEndpoint extends Remote {
  readonly url: string;
}

/** Which records are asked for, and what is asked of the endpoints in them. */
export interface SrvDiscovery {
  /** --discovery-srv: the domain that is asked; also the name that certificates have to have. */
  readonly domain: string;
  /** --discovery-srv-name, which is put behind the name of the service. */
  readonly serviceName: string;
  /** Whether records are taken as they are: --insecure-discovery. */
  readonly isInsecure: boolean;
  readonly ca: Uint8Array | undefined;
  readonly logger: Logger;
  readonly lookup?: typeof resolveSrv;
}

/** The endpoints of `_etcd-client-ssl._tcp.DOMAIN` and `_etcd-client._tcp.DOMAIN`; rejects if neither can be had. */
export async function discoverEndpoints(options: SrvDiscovery): Promise<readonly DiscoveredEndpoint[]> {
  const { domain, logger, isInsecure } = options;
  const secure = await lookUp(options, "etcd-client-ssl", "https");
  const plain = await lookUp(options, "etcd-client", "http");
  if (secure instanceof Error && plain instanceof Error) {
    throw new Error(`dns lookup errors: ${secure.message} and ${plain.message}`);
  }
  const found = [secure, plain].flatMap((records) => (records instanceof Error ? [] : records));
  const fields = { "srv-server": domain, endpoints: found.map(({ url }) => url) };
  logger.info("discovered cluster from SRV", fields);
  if (isInsecure) return found;
  logger.info("validating discovered SRV endpoints", fields);
  const refusals = await Promise.all(found.map((endpoint) => refusalOf(endpoint, options)));
  const validated = found.filter((_, at) => refusals[at] === undefined);
  const endpoints = validated.map(({ url }) => url);
  const problems = refusals.filter((refusal) => refusal !== undefined);
  if (problems.length === 0) {
    logger.info("using validated discovered SRV endpoints", { "srv-server": domain, endpoints });
  } else {
    logger.warn("failed to validate discovered endpoints", { "srv-server": domain, endpoints, error: problems.join() });
  }
  return validated;
}

async function lookUp(
  { domain, serviceName, lookup = resolveSrv }: SrvDiscovery,
  service: string,
  scheme: "http" | "https",
): Promise<readonly DiscoveredEndpoint[] | Error> {
  const named = serviceName === "" ? service : `${service}-${serviceName}`;
  try {
    const records = await lookup(`_${named}._tcp.${domain}`);
    const inOrder = records.toSorted((a, b) => a.priority - b.priority || b.weight - a.weight);
    return inOrder.map(({ name, port, priority, weight }) => {
      const url = `${scheme}://${name}:${String(port)}`;
      return { host: name, port, priority, weight, url };
    });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Why an endpoint is not used; undefined: it has shown a certificate for the domain. */
function refusalOf({ url, host, port }: DiscoveredEndpoint, { domain, ca }: SrvDiscovery): Promise<string | undefined> {
  if (!url.startsWith("https:")) return Promise.resolve(`"${url}" is insecure`);
  return new Promise((resolve) => {
    const socket = connect({ host, port, servername: domain, ...(ca && { ca: Buffer.from(ca) }) });
    const end = (refusal: string | undefined): void => {
      socket.destroy();
      resolve(refusal);
    };
    socket.setTimeout(HANDSHAKE_PATIENCE_MS, () => end(`"${url}" failed to dial (timeout)`));
    socket.once("error", (error) => end(`"${url}" failed to dial (${error.message})`));
    socket.once("secureConnect", () => end(undefined));
  });
}
