import dns from "node:dns";

/**
 * Loaded before a server (`node --import`): names of pods, which only a cluster's DNS knows, are this machine. So a test on
 * loopback has the URLs that pods have.
 */
const SUFFIX = ".pods.test";

const lookup = dns.lookup as (...args: unknown[]) => unknown;
const patched = (hostname: string, ...rest: unknown[]): unknown =>
  lookup.call(dns, hostname.endsWith(SUFFIX) ? "127.0.0.1" : hostname, ...rest);
Object.assign(dns, { lookup: patched });
