import type { Config } from "../config/config.ts";
import { isTlsUrl } from "../config/server-url.ts";
import type { PeerTls } from "../transport/peer-client.ts";

/**
 * The name that the certificates of peers have to have in place of their hosts: the domain that named them, unless an
 * authority of the cluster's own vouches for them. Anybody who answers for the domain could name hosts with certificates
 * that a public authority signed (etcd embed/config.go: PeerURLsMapAndToken).
 */
export function peerServerName({ discovery, initialCluster, peerTls }: Config): string | undefined {
  if (discovery?.kind !== "dns" || peerTls.trustedCaFile !== undefined) return undefined;
  return initialCluster.some(({ peerUrls }) => peerUrls.some(isTlsUrl)) ? discovery.domain : undefined;
}

/** The same connections, asking for this name and accepting only certificates that have it. */
export function withServerName(tls: PeerTls | undefined, servername: string | undefined): PeerTls | undefined {
  return servername === undefined ? tls : () => ({ ...tls?.(), servername });
}
