import { durationMs } from "../types/duration.ts";
import type { EtcdClusterSpec } from "../types/etcd-cluster-spec.ts";
import { quantityValue } from "../types/quantity.ts";

/** Largest quota that is chosen without being asked for: etcd's own advice. */
const DEFAULT_QUOTA_MAX_BYTES = 8 * 2 ** 30;
/** A member that receives a snapshot holds the old data and the new for a while. */
const DEFAULT_QUOTA_SHARE = 0.5;

/** What `spec.server` says, as flags of the server. Their order is fixed: another order would be another pod template. */
export function serverArguments({ server, storage }: Pick<EtcdClusterSpec, "server" | "storage">): readonly string[] {
  const { autoCompaction, extraArgs = [], snapshotCount } = server;
  return [
    `--heartbeat-interval=${milliseconds(server.heartbeatInterval)}`,
    `--election-timeout=${milliseconds(server.electionTimeout)}`,
    `--quota-backend-bytes=${String(quotaBytes({ server, storage }))}`,
    ...(snapshotCount === undefined ? [] : [`--snapshot-count=${String(snapshotCount)}`]),
    ...(autoCompaction
      ? [
          `--auto-compaction-mode=${autoCompaction.mode.toLowerCase()}`,
          `--auto-compaction-retention=${autoCompaction.retention}`,
        ]
      : []),
    ...extraArgs.map(({ name, value }) => `--${name}=${value}`),
  ];
}

/** The size of the data at which writes are refused: as the spec has it, else half of the volume and at most 8 GiB. */
export function quotaBytes({ server, storage }: Pick<EtcdClusterSpec, "server" | "storage">): number {
  const asked = server.quotaBackendBytes === undefined ? undefined : quantityValue(server.quotaBackendBytes);
  if (asked !== undefined) return Math.floor(asked);
  const size = quantityValue(storage.size) ?? 0;
  return Math.floor(Math.min(size * DEFAULT_QUOTA_SHARE, DEFAULT_QUOTA_MAX_BYTES));
}

function milliseconds(duration: string): string {
  return String(Math.round(durationMs(duration) ?? 0));
}
