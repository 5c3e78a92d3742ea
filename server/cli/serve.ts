import { ETCD_VERSION, KVORUM_VERSION } from "../base/versions.ts";
import { observeNode } from "../api/node-metrics.ts";
import type { Config } from "../config/config.ts";
import { observeEventLoopDelay } from "../observability/event-loop-delay.ts";
import { prometheusMetrics } from "../observability/prometheus-metrics.ts";
import type { Logger } from "../ports/logger.ts";
import { authParts } from "./auth-parts.ts";
import { ClientHttp } from "./client-http.ts";
import { ClientPort, maxMessageBytes } from "./client-port.ts";
import { fatalHandler } from "./fatal.ts";
import { callObservers, nodeHttpSources, nodeMethods } from "./node-services.ts";
import { nodeIdentity } from "./node-identity.ts";
import { PeerPort } from "./peer-port.ts";
import { startMember } from "./start-member.ts";
import { tlsOf } from "./tls.ts";
import { onShutdownSignal } from "./signals.ts";

/** Running calls may take this long to end after a signal: etcd's request timeout. */
const STOP_GRACE_MS = 7000;

/** Runs a member until it is told to stop. */
export async function serve(config: Config, logger: Logger): Promise<void> {
  const onFatal = fatalHandler(logger);
  logger.info("starting an etcd-compatible server", {
    "etcd-version": ETCD_VERSION,
    "kvorum-version": KVORUM_VERSION,
    "node-version": process.version,
    name: config.name,
    "data-dir": config.dataDir,
    "snapshot-count": config.snapshotCount,
    "snapshot-catchup-entries": config.snapshotCatchupEntries,
    "quota-backend-bytes": config.quotaBackendBytes,
    // Nothing else is served; who looks for it in the log of a start finds it.
    "v2-deprecation": "write-only",
  });
  try {
    const metrics = prometheusMetrics();
    const clientPort = new ClientPort(config, logger);
    const peerPort = new PeerPort(config, logger);
    // Bound before the disk is touched: a used port must not leave half a data dir behind.
    const { clientServer, peerServer, peerClient } = await tlsOf(config, logger);
    const auth = await authParts(config, logger);
    await peerPort.listen(peerServer);
    await clientPort.listen(clientServer);
    const node = await startMember({ config, logger, metrics, peerPort, peerTls: peerClient, onFatal });
    onShutdownSignal(async (signal) => {
      logger.info("received signal; shutting down", { signal });
      await node.transferLeadershipAway();
      await clientPort.stop(STOP_GRACE_MS);
      await node.stop();
      peerPort.stop();
    });
    if (config.featureGates.InitialCorruptCheck) await node.checkCorruption();
    await node.published;
    observeNode(node, metrics, nodeIdentity(config));
    observeEventLoopDelay(metrics);
    const methods = nodeMethods(node, config, auth);
    const http = new ClientHttp({ config, logger, sources: nodeHttpSources(node, metrics) });
    const observers = { onBug: onFatal, ...callObservers(methods, metrics, { config, logger }) };
    http.serveGateway(node, methods, { maxReceiveBytes: maxMessageBytes(config), ...observers });
    clientPort.start({ methods, http, ...observers });
  } catch (error) {
    onFatal(error);
  }
}
