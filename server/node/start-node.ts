import { ALL_BUCKETS } from "../backend/buckets.ts";
import type { StateMachineOptions } from "../apply/state-machine.ts";
import type { Node } from "./node.ts";
import { DEFAULT_QUOTA_BYTES, type NodeConfig, type NodeWorld } from "./node-options.ts";
import { NodeRuntime } from "./node-runtime.ts";
import { NodeTallies } from "./node-tallies.ts";
import { recover, type Recovered } from "./recover.ts";

/** Starts a member: recovers it and joins its peers. It takes part from then on, but may not know a leader yet. */
export async function startNode(config: NodeConfig, world: NodeWorld): Promise<Node> {
  const { clock } = world;
  const tallies = world.tallies ?? new NodeTallies({ nowMs: () => clock.monotonicMs() });
  const { cluster, clusterState, forcesNewCluster } = config;
  const machine = { ...machineOptions(config), tallies: tallies.mvcc };
  const recovered = await recover({ ...world, machine, cluster, clusterState, forcesNewCluster });
  try {
    await defragmentAtStart(recovered, config, world);
    await world.beforeTakingPart?.({ selfId: recovered.selfId, clusterId: recovered.clusterId });
  } catch (error) {
    await abandon(recovered);
    throw error;
  }
  return new NodeRuntime(config, { ...world, tallies }, recovered, { ...machine, memberId: recovered.selfId }).node();
}

/** Before anybody is served, so nobody waits for it (--bootstrap-defrag-threshold-megabytes). */
async function defragmentAtStart(
  { replica: { machine, store } }: Recovered,
  { bootstrapDefragBytes: threshold }: Pick<NodeConfig, "bootstrapDefragBytes">,
  { logger }: Pick<NodeWorld, "logger">,
): Promise<void> {
  if (threshold === undefined) return;
  const { dbSize, dbSizeInUse } = machine.sizes;
  const fields = {
    "current-db-size-bytes": dbSize,
    "current-db-size-in-use-bytes": dbSizeInUse,
    "experimental-bootstrap-defrag-threshold-bytes": threshold,
  };
  if (dbSize - dbSizeInUse < threshold) {
    logger.info("Skipping defragmentation", fields);
    return;
  }
  await store.compact(ALL_BUCKETS);
  machine.defragment();
  logger.info("finished defragmenting directory", { ...fields, "current-db-size-bytes": machine.sizes.dbSize });
}

async function abandon({ wal, replica, lock }: Recovered): Promise<void> {
  await wal.close();
  await replica.store.close();
  await lock.release();
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
