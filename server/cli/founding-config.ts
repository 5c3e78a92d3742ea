import { lookup, Resolver } from "node:dns/promises";
import type { Config } from "../config/config.ts";
import type { DnsDiscovery, FolderDiscovery, RegistryDiscovery } from "../config/discovery.ts";
import { formatInitialCluster, parseInitialCluster } from "../config/initial-cluster.ts";
import { nodeClock } from "../host/node-clock.ts";
import { BootstrapError, newClusterIdentity } from "../node/bootstrap.ts";
import type { Logger } from "../ports/logger.ts";
import { registryKeys } from "./discovery-registry.ts";
import { dnsMembers, type NameResolver } from "./dns-members.ts";
import { joinRegistry } from "./join-registry.ts";
import { joinV2Discovery } from "./join-v2-discovery.ts";
import { nodeConfig } from "./node-config.ts";
import { RegistryClient } from "./registry-client.ts";
import { V2KeysClient } from "./v2-keys-client.ts";

/**
 * The configuration with all founding members, asked for where the flags do not list them. To be called only while the
 * data dir is empty: later the members are what the log says.
 */
export async function foundingConfig(config: Config, logger: Logger): Promise<Config> {
  const { discovery } = config;
  switch (discovery?.kind) {
    case undefined:
      return config;
    case "dns":
      return withMembers(config, await fromDns(config, discovery, logger));
    case "registry":
      // A member that joins a running cluster is told by its members who they are.
      if (config.initialClusterState === "existing") return config;
      return withMembers(config, await fromRegistry(config, discovery, logger));
    case "folder":
      if (config.initialClusterState === "existing") {
        throw new BootstrapError("discovery URL should not be set when joining existing initial cluster");
      }
      return withMembers(config, await fromFolder(config, discovery, logger));
  }
}

async function fromRegistry(config: Config, discovery: RegistryDiscovery, logger: Logger): Promise<string> {
  logger.info("Bootstrapping cluster using v3 discovery.", {
    "discovery-token": discovery.token,
    "discovery-endpoints": discovery.endpoints.join(","),
  });
  const { memberId, peers } = selfIn(config);
  const registry = new RegistryClient(discovery);
  try {
    const keys = registryKeys(discovery.token, memberId);
    return await joinRegistry({ registry, keys, peers, clock: nodeClock, logger });
  } finally {
    registry.close();
  }
}

async function fromFolder(config: Config, { url, proxy }: FolderDiscovery, logger: Logger): Promise<string> {
  logger.warn("V2 discovery is deprecated!");
  const keys = new V2KeysClient(url, proxy);
  if (keys.proxy !== undefined) logger.info("running proxy with discovery", { "proxy-url": keys.proxy });
  try {
    return await joinV2Discovery({ keys, folder: keys.folder, ...selfIn(config), clock: nodeClock, logger });
  } finally {
    keys.close();
  }
}

/** The id follows from this member's own URLs and the token, so it is the same alone and among the others. */
function selfIn(config: Config): { readonly memberId: bigint; readonly peers: string } {
  const { selfId: memberId } = newClusterIdentity(nodeConfig(config).cluster);
  return { memberId, peers: formatInitialCluster(config.initialCluster) };
}

async function fromDns(config: Config, { domain, serviceName }: DnsDiscovery, logger: Logger): Promise<string> {
  const { name: selfName, initialAdvertisePeerUrls: advertised } = config;
  try {
    return await dnsMembers({ domain, serviceName, selfName, advertised, resolver: systemResolver(), logger });
  } catch (error) {
    const reason = (error as Error).message;
    throw new BootstrapError(`error setting up initial cluster: ${reason}`, { cause: error });
  }
}

function systemResolver(): NameResolver {
  const resolver = new Resolver();
  return {
    srv: (name) => resolver.resolveSrv(name),
    address: async (host) => (await lookup(host)).address,
  };
}

function withMembers(config: Config, text: string): Config {
  const members = parseInitialCluster(text);
  if (!members.ok) throw new BootstrapError(`discovery: invalid peer URL: ${members.reason}`);
  return { ...config, initialCluster: members.value };
}
