import type { EndpointClients } from "../etcd/endpoint-clients.ts";
import type { PeerRequest } from "../etcd/peer-request.ts";
import type { PermitSigner } from "../etcd/permit-signer.ts";
import type { ReleaseMemory } from "../etcd/release-memory.ts";
import type { Applier } from "../kube/applier.ts";
import type { Clock } from "../kube/clock.ts";
import type { EventRecorder } from "../kube/event-recorder.ts";
import type { KubeClient } from "../kube/kube-client.ts";
import type { ClusterMetrics } from "../observability/cluster-metrics.ts";
import type { Logger } from "../observability/logger.ts";
import type { Platform } from "../resources/platform.ts";
import type { Informers } from "./informers.ts";

/** What controllers act with. */
export interface ControllerWorld {
  readonly client: KubeClient;
  readonly informers: Informers;
  readonly applier: Applier;
  readonly events: EventRecorder;
  /** Connections to members, kept from one look to the next. */
  readonly members: EndpointClients;
  /** Asks a pod's peer port. */
  readonly askPeer: PeerRequest;
  readonly releases: ReleaseMemory;
  readonly signer: PermitSigner;
  readonly platform: Platform;
  readonly clusterMetrics: ClusterMetrics;
  readonly logger: Logger;
  readonly clock: Clock;
  /** To be asked before anything outside of Kubernetes is changed. */
  readonly isLeader: () => boolean;
}
