import type { Config } from "./config.ts";
import { isIpAddress } from "./server-url.ts";

/** What the search for a local address needs of the configuration. */
export type LocalAddressConfig = Pick<Config, "featureGates" | "initialAdvertisePeerUrls">;

const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/i;
const UNSPECIFIED = new Set(["0.0.0.0", "::"]);

/**
 * The address from which peers are called (feature SetMemberLocalAddr): the first advertised one that is an address of
 * this machine to others, so that they find it in this member's certificate. Undefined: the system chooses.
 */
export function memberLocalAddress({ featureGates, initialAdvertisePeerUrls }: LocalAddressConfig): string | undefined {
  if (!featureGates.SetMemberLocalAddr) return undefined;
  const hosts = initialAdvertisePeerUrls.flatMap((url) => ("host" in url ? [url.host] : []));
  return hosts.find((host) => isIpAddress(host) && !LOOPBACK.test(host) && !UNSPECIFIED.has(host));
}
