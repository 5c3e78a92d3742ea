import type { Config } from "../config/config.ts";
import type { NodeConfig } from "../node/node-options.ts";

/** Decoded records kept in memory for reads. */
const VALUE_CACHE_BYTES = 32 * 1024 * 1024;
const MEGABYTE = 1024 * 1024;
/** etcd's, for a TTL of 0. */
const DEFAULT_TOKEN_TTL_SECONDS = 300;

/** The node's part of the configuration. */
export function nodeConfig(config: Config): NodeConfig {
  return {
    name: config.name,
    advertiseClientUrls: config.advertiseClientUrls.map((url) => url.text),
    cluster: {
      selfName: config.name,
      token: config.initialClusterToken,
      members: config.initialCluster.map(({ name, peerUrls }) => ({ name, peerUrls: peerUrls.map((url) => url.text) })),
    },
    clusterState: config.initialClusterState,
    forcesNewCluster: config.forceNewCluster,
    bootstrapDefragBytes: config.bootstrapDefragThresholdMegabytes * MEGABYTE || undefined,
    tickMs: config.heartbeatIntervalMs,
    electionTicks: Math.floor(config.electionTimeoutMs / config.heartbeatIntervalMs),
    preVote: config.preVote,
    snapshotCount: config.snapshotCount,
    snapshotCatchUpEntries: config.snapshotCatchupEntries,
    quotaBytes: config.quotaBackendBytes,
    maxRequestBytes: config.maxRequestBytes,
    maxLearners: config.maxLearners,
    strictReconfigCheck: config.strictReconfigCheck,
    compactionBatchLimit: config.compactionBatchLimit,
    compactionPauseMs: config.compactionSleepIntervalMs,
    autoCompaction: autoCompaction(config),
    hasLeaseCheckpoints: config.featureGates.LeaseCheckpoint,
    persistLeaseCheckpoints: config.featureGates.LeaseCheckpointPersist,
    corruptCheckMs: config.corruptCheckTimeMs > 0 ? config.corruptCheckTimeMs : undefined,
    compactHashCheckMs: config.featureGates.CompactHashCheck ? config.compactHashCheckTimeMs : undefined,
    valueCacheBytes: VALUE_CACHE_BYTES,
    simpleTokenTtlMs: (config.authTokenTtlSeconds || DEFAULT_TOKEN_TTL_SECONDS) * 1000,
  };
}

function autoCompaction({ autoCompaction: policy }: Config): NodeConfig["autoCompaction"] {
  switch (policy.mode) {
    case "off":
      return undefined;
    case "periodic":
      return policy;
    case "revision":
      return { mode: "revision", retention: policy.retentionRevisions };
  }
}
