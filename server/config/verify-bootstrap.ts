import type { Config } from "./config.ts";
import { formatInitialCluster } from "./initial-cluster.ts";
import type { InitialMember } from "./initial-cluster.ts";
import type { ServerUrl } from "./server-url.ts";

/** The part of the configuration that says who founds a cluster. */
export type BootstrapConfig = Pick<
  Config,
  "name" | "initialCluster" | "initialAdvertisePeerUrls" | "initialClusterState"
>;

/**
 * Why this member cannot found, or join, the cluster that it names; nothing if it can. To be asked only while the data
 * folder is empty: later the members are what the log says, and the same flags may be out of date.
 */
export function verifyBootstrap(config: BootstrapConfig): string | undefined {
  const own = config.initialCluster.find((member) => member.name === config.name);
  if (own === undefined) {
    return `couldn't find local name ${JSON.stringify(config.name)} in the initial cluster configuration`;
  }
  const mismatch = config.initialClusterState === "new" ? advertiseMismatch(config, own) : undefined;
  if (mismatch !== undefined) return mismatch;
  return hasDuplicateUrl(config.initialCluster)
    ? `initial cluster ${formatInitialCluster(config.initialCluster)} has duplicate url`
    : undefined;
}

function advertiseMismatch(config: BootstrapConfig, own: InitialMember): string | undefined {
  const advertised = config.initialAdvertisePeerUrls;
  const unadvertised = missing(own.peerUrls, advertised);
  if (unadvertised.length > 0) {
    const named = unadvertised.map((url) => `${config.name}=${url}`).join(",");
    return `--initial-cluster has ${named} but missing from --initial-advertise-peer-urls=${texts(advertised).join(",")}`;
  }
  const unnamed = missing(advertised, own.peerUrls);
  if (unnamed.length === 0) return undefined;
  return (
    `--initial-advertise-peer-urls has ${unnamed.join(",")} but missing from ` +
    `--initial-cluster=${formatInitialCluster(config.initialCluster)}`
  );
}

function missing(wanted: readonly ServerUrl[], present: readonly ServerUrl[]): readonly string[] {
  const known = new Set(present.map(comparable));
  return wanted.filter((url) => !known.has(comparable(url))).map((url) => url.text);
}

/** Two ways to write one URL: names are compared without regard to case, and localhost is 127.0.0.1. */
function comparable(url: ServerUrl): string {
  if (!("host" in url)) return `${url.scheme}:${url.path}`;
  const host = url.host.toLowerCase();
  return `${url.scheme}:${host === "localhost" ? "127.0.0.1" : host}:${url.port}`;
}

function hasDuplicateUrl(members: readonly InitialMember[]): boolean {
  const all = members.flatMap((member) => member.peerUrls.map((url) => url.text));
  return new Set(all).size < all.length;
}

function texts(urls: readonly ServerUrl[]): readonly string[] {
  return urls.map((url) => url.text);
}
