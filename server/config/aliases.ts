import type { FeatureGate } from "./feature-gates.ts";

/** A name that etcd 3.6 still accepts for what now has another: a flag, or a feature gate. */
export interface Alias {
  readonly name: string;
  readonly flag?: string;
  readonly gate?: FeatureGate;
  /** etcd has no deprecation warning for these. */
  readonly silent?: true;
}

/** The 23 `experimental-` names. */
export const ALIASES = [
  { name: "experimental-enable-distributed-tracing", flag: "enable-distributed-tracing" },
  { name: "experimental-distributed-tracing-address", flag: "distributed-tracing-address" },
  { name: "experimental-distributed-tracing-service-name", flag: "distributed-tracing-service-name" },
  { name: "experimental-distributed-tracing-instance-id", flag: "distributed-tracing-instance-id" },
  { name: "experimental-distributed-tracing-sampling-rate", flag: "distributed-tracing-sampling-rate" },
  { name: "experimental-initial-corrupt-check", gate: "InitialCorruptCheck", silent: true },
  { name: "experimental-corrupt-check-time", flag: "corrupt-check-time" },
  { name: "experimental-compact-hash-check-enabled", gate: "CompactHashCheck" },
  { name: "experimental-compact-hash-check-time", flag: "compact-hash-check-time" },
  { name: "experimental-enable-lease-checkpoint", gate: "LeaseCheckpoint", silent: true },
  { name: "experimental-enable-lease-checkpoint-persist", gate: "LeaseCheckpointPersist", silent: true },
  { name: "experimental-compaction-batch-limit", flag: "compaction-batch-limit" },
  { name: "experimental-compaction-sleep-interval", flag: "compaction-sleep-interval" },
  { name: "experimental-peer-skip-client-san-verification", flag: "peer-skip-client-san-verification", silent: true },
  { name: "experimental-watch-progress-notify-interval", flag: "watch-progress-notify-interval" },
  { name: "experimental-warning-apply-duration", flag: "warning-apply-duration" },
  { name: "experimental-warning-unary-request-duration", flag: "warning-unary-request-duration" },
  { name: "experimental-txn-mode-write-with-shared-buffer", gate: "TxnModeWriteWithSharedBuffer" },
  { name: "experimental-bootstrap-defrag-threshold-megabytes", flag: "bootstrap-defrag-threshold-megabytes" },
  { name: "experimental-downgrade-check-time", flag: "downgrade-check-time" },
  { name: "experimental-memory-mlock", flag: "memory-mlock" },
  { name: "experimental-snapshot-catchup-entries", flag: "snapshot-catchup-entries" },
  { name: "experimental-stop-grpc-service-on-defrag", gate: "StopGRPCServiceOnDefrag", silent: true },
] as const satisfies readonly Alias[];

/** What to write in place of the alias. */
export function replacementOf(alias: Alias, value = "true"): string {
  return alias.gate === undefined ? `--${alias.flag ?? ""}` : `--feature-gates=${alias.gate}=${value}`;
}

/** The warning for whoever still uses the alias, if there is one. */
export function deprecationOf(alias: Alias): string | undefined {
  if (alias.silent) return undefined;
  return `--${alias.name} is deprecated in v3.6 and will be decommissioned in v3.7. Use '${replacementOf(alias)}' instead.`;
}
