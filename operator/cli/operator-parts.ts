import type { Config } from "../config/config.ts";
import type { Clock } from "../kube/clock.ts";
import type { EventRecorder } from "../kube/event-recorder.ts";
import type { KubeClient } from "../kube/kube-client.ts";
import type { ClusterMetrics } from "../observability/cluster-metrics.ts";
import type { Logger } from "../observability/logger.ts";
import type { OperatorMetrics } from "../observability/operator-metrics.ts";

/** What controllers are made of. */
export interface OperatorParts {
  readonly config: Config;
  /** The namespace of the operator itself. */
  readonly namespace: string;
  /** Refuses to write once this process is not the leader any more. */
  readonly client: KubeClient;
  readonly events: EventRecorder;
  readonly logger: Logger;
  readonly metrics: OperatorMetrics;
  readonly clusterMetrics: ClusterMetrics;
  readonly clock: Clock;
  readonly random: () => number;
  /** Whether this process may act at this moment: to be asked before anything outside of Kubernetes is changed. */
  readonly isLeader: () => boolean;
}

/** What acts while this process is the leader. */
export interface RunningControllers {
  /** Why they cannot be counted on yet, for `/readyz`. */
  problem(): string | undefined;
  /** Begins nothing new; ends when what is under way is done, at the latest soon after `graceMs`. */
  stop(graceMs: number): Promise<void>;
}
