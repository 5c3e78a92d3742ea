import { join } from "node:path";
import type { Config, TlsConfig } from "../config/config.ts";
import { isTlsUrl, type ServerUrl } from "../config/server-url.ts";
import { nodeClock } from "../host/node-clock.ts";
import { selfSigned } from "../host/self-signed.ts";
import { clientTls, ServerTls, type TlsFiles } from "../host/tls-files.ts";
import type { Logger } from "../ports/logger.ts";
import type { PeerTls } from "../transport/peer-client.ts";

/** TLS on both ports; undefined where a port has none. */
export interface MemberTls {
  readonly clientServer: ServerTls | undefined;
  readonly peerServer: ServerTls | undefined;
  /** How this member connects to its peers. */
  readonly peerClient: PeerTls | undefined;
}

/** TLS as configured: from files, or by certificates made on the spot. Rejects with the file that is wrong. */
export async function tlsOf(config: Config, logger: Logger): Promise<MemberTls> {
  const client = await filesOf(config, "client", config.clientTls, config.listenClientUrls, logger);
  const peer = await filesOf(config, "peer", config.peerTls, config.listenPeerUrls, logger);
  const metrics = [...config.listenMetricsUrls, ...config.listenClientHttpUrls];
  if (!client && [...config.listenClientUrls, ...metrics].some(isTlsUrl)) {
    throw new Error(
      "cannot listen on a secure client URL: client TLS key/cert (--cert-file, --key-file) must be provided",
    );
  }
  if (!peer && config.listenPeerUrls.some(isTlsUrl)) {
    throw new Error(
      "cannot listen on a secure peer URL: peer TLS key/cert (--peer-cert-file, --peer-key-file) must be provided",
    );
  }
  return {
    clientServer: client && new ServerTls(client, logger),
    peerServer: peer && new ServerTls(peer, logger),
    // Nobody vouches for a certificate that was made on the spot.
    peerClient: peer && clientTls(peer, logger, { isVerified: !config.peerTls.autoTls }),
  };
}

async function filesOf(
  config: Config,
  port: "client" | "peer",
  tls: TlsConfig,
  urls: readonly ServerUrl[],
  logger: Logger,
): Promise<TlsFiles | undefined> {
  if (tls.certFile !== undefined) return tls;
  if (!tls.autoTls) return undefined;
  const made = await selfSigned({
    folder: join(config.dataDir, "fixtures", port),
    hosts: urls.flatMap((url) => ("host" in url ? [url.host] : [])),
    validityYears: config.selfSignedCertValidityYears,
    clock: nodeClock,
    logger,
  });
  return { ...tls, ...made };
}
