import { Controllers } from "../controllers/controllers.ts";
import { Informers } from "../controllers/informers.ts";
import { OPERATOR_VERSION } from "../config/version.ts";
import { EndpointClients } from "../etcd/endpoint-clients.ts";
import { peerRequest } from "../etcd/peer-request.ts";
import { generatePermitKey, PermitSigner } from "../etcd/permit-signer.ts";
import { ReleaseMemory } from "../etcd/release-memory.ts";
import { Applier } from "../kube/applier.ts";
import { permitKey } from "../kube/permit-key.ts";
import type { OperatorParts, RunningControllers } from "./operator-parts.ts";

/** Starts everything that acts. Called once, when this process has become the leader. */
export async function startControllers(parts: OperatorParts): Promise<RunningControllers> {
  const { config, namespace, client, events, logger, metrics, clusterMetrics, clock, random, isLeader } = parts;
  const signer = new PermitSigner(await permitKey(client, namespace, generatePermitKey));
  const informers = new Informers({
    client,
    namespaces: config.watchNamespaces.length > 0 ? config.watchNamespaces : undefined,
    resyncPeriodMs: config.resyncPeriod,
    clock,
    random,
    onProblem: (kind, problem, error) => {
      metrics.watchProblem(kind);
      logger.warn(problem, { kind, error });
    },
  });
  const controllers = new Controllers(
    {
      client,
      informers,
      applier: new Applier(client),
      events,
      members: new EndpointClients(),
      askPeer: peerRequest,
      releases: new ReleaseMemory(),
      signer,
      platform: { image: config.image, version: OPERATOR_VERSION, permitPublicKey: signer.publicKey },
      clusterMetrics,
      logger,
      clock,
      isLeader,
    },
    { concurrency: config.concurrency, metrics, random },
  );
  // In the background: /readyz says that the caches are being filled.
  controllers.start().catch((error: unknown) => {
    throw error;
  });
  return controllers;
}
