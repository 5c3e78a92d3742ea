import type { StateMachineOptions } from "../apply/state-machine.ts";
import type { Node } from "./node.ts";
import type { NodeConfig, NodeWorld } from "./node-options.ts";
import { NodeRuntime } from "./node-runtime.ts";
import { recover } from "./recover.ts";

/** etcd's DefaultQuotaBytes, for a quota of 0. */
const DEFAULT_QUOTA_BYTES = 2 * 1024 * 1024 * 1024;

/** Starts a member: recovers it and joins its peers. It takes part from then on, but may not know a leader yet. */
export async function startNode(config: NodeConfig, world: NodeWorld): Promise<Node> {
  const { cluster, clusterState } = config;
  const machine = machineOptions(config);
  const recovered = await recover({ ...world, machine, cluster, clusterState });
  return new NodeRuntime(config, world, recovered, { ...machine, memberId: recovered.selfId }).node();
}

function machineOptions(config: NodeConfig): Omit<StateMachineOptions, "memberId"> {
  return {
    quotaBytes: config.quotaBytes === 0 ? DEFAULT_QUOTA_BYTES : config.quotaBytes,
    maxLearners: config.maxLearners,
    // etcd's minimum: a lease must survive an election.
    minLeaseTtlSeconds: Math.ceil((1.5 * config.tickMs * config.electionTicks) / 1000),
    valueCacheBytes: config.valueCacheBytes,
    persistLeaseCheckpoints: config.persistLeaseCheckpoints,
  };
}
