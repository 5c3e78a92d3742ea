import type { Config } from "../config/config.ts";
import type { InitialMember } from "../config/initial-cluster.ts";
import { accepted, type Parsed } from "../config/parsed.ts";
import { parseServerUrls } from "../config/server-url.ts";
import type { OwnerFile } from "../node/owner-file.ts";
import type { Permit } from "../node/permit.ts";

/**
 * The configuration with which a member is started. Only a New permit that nobody has heard of founds a cluster: if any
 * other start finds no log to go on with, it can join, as the member that it was, or fail.
 */
export function memberStartConfig(config: Config, { state, permit }: OwnerFile): Parsed<Config> {
  const initialCluster = initialClusterOf(permit);
  if (!initialCluster.ok) return initialCluster;
  return accepted({
    ...config,
    initialCluster: initialCluster.value,
    initialClusterToken: permit.token,
    initialClusterState: state === "granted" && permit.mode === "New" ? "new" : "existing",
  });
}

function initialClusterOf({ initialCluster }: Permit): Parsed<readonly InitialMember[]> {
  const members: InitialMember[] = [];
  for (const { name, peerUrls } of initialCluster) {
    const urls = parseServerUrls(peerUrls.join(","));
    if (!urls.ok) return urls;
    members.push({ name, peerUrls: urls.value });
  }
  return accepted(members);
}
